"""Where the `amanat` command begins: its environment is made ours before anything that would read it is loaded."""

import os

from amanat import environment, processes

COMPLETING = (
    "_AMANAT_COMPLETE"  # set by a shell that asks what may follow, with the words so far in other variables
)


def main() -> None:
    """Adopt the built environment, say what was ignored, and run the command."""
    if COMPLETING not in os.environ:
        locale = os.environ.get("LC_ALL")
        ignored = environment.adopt()
        environment.announce(ignored)
        if environment.needs_new_process(ignored, locale):
            processes.restart()
    from amanat.cli.app import main as command  # loads libraries that read the environment

    command()
