"""Reads the dimension `running`: what runs, starts by itself, and with what."""

from __future__ import annotations

from amanat_host.answers.state import State
from amanat_host.state import boot, cgroup_attributes, daemons, kernel, loaded_files, packages, units
from amanat_host.state.listing import joined


def read() -> State:
    """The whole dimension."""
    parts = (units, boot, daemons, loaded_files, cgroup_attributes, packages, kernel)
    return joined(*(part.read() for part in parts))
