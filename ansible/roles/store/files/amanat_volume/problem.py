"""The one way the volume's tools fail, and the one way they run other programs."""

from __future__ import annotations

import subprocess


class Problem(Exception):
    """What was wrong, where, and what to do; ends the program with exit status 1."""

    def __init__(self, what: str, where: str = "", fix: str = "") -> None:
        self.what, self.where, self.fix = what, where, fix
        place = f" ({where})" if where else ""
        remedy = f"\n       {fix}" if fix else ""
        super().__init__(f"{what}{place}{remedy}")


def run(*command: str, given: bytes | None = None, accept: tuple[int, ...] = (0,)) -> str:
    """Run a program and return its output.

    Raises:
        Problem: it is missing, or its exit status is not one of ``accept``.
    """
    try:
        # The callers pass fixed programs and paths of root's own configuration; there is no shell.
        done = subprocess.run(command, input=given, capture_output=True, check=False)  # noqa: S603
    except FileNotFoundError as error:
        raise Problem(f"the program {command[0]} is missing", fix="run the playbook again") from error
    if done.returncode not in accept:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise Problem(f"{command[0]} failed with status {done.returncode}", command[-1], said)
    return done.stdout.decode(errors="replace")
