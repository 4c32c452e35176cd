"""Reads the dimension `network`: what is listened on, let through and routed."""

from __future__ import annotations

from amanat_host.answers.state import State
from amanat_host.state import bpf, firewall, interfaces, kernel_network, resolver, sockets
from amanat_host.state.found import Found


def read() -> State:
    """The whole dimension."""
    found = Found()
    sockets.read(found)
    firewall.read(found)
    interfaces.read(found)
    bpf.read(found, interfaces.indices())
    resolver.read(found)
    kernel_network.read(found)
    return found.state()
