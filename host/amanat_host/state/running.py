"""Reads the dimension `running`: what runs, starts by itself, and with what."""

from __future__ import annotations

from amanat_host.answers.state import State


def read() -> State:
    """The whole dimension."""
    return State({})
