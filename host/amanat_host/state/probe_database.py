"""Read the database cluster's whole state and print it as JSON. Changes nothing, takes no arguments."""

from __future__ import annotations

from amanat_host.answers.state import State
from amanat_host.entry import probe


def read() -> State:
    """The whole dimension `database`."""
    return State({})


main = probe(__doc__, {"": read})
