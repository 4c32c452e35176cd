"""Reads the dimension `access`: who may come in, how, and with whose rights."""

from __future__ import annotations

from amanat_host.answers.state import State
from amanat_host.state import accounts, keys, pam, sshd, sudo
from amanat_host.state.found import Found, answer
from amanat_host.state.interfaces import own_address


def read() -> State:
    """The whole dimension."""
    found = Found()
    accounts.read(found)
    keys.read(found, sshd.read(found, own_address(), callers()))
    pam.read(found)
    sudo.read(found)
    return found.state()


def callers() -> list[str]:
    """The addresses that sshd has connections with, the audit's own among them; one is enough to tell."""
    established = answer("/usr/bin/ss", "-Htn", "state", "established", "sport", "=", ":22")
    peers = {
        line.split()[-1].rpartition(":")[0].strip("[]") for line in established.splitlines() if line.strip()
    }
    return sorted(peers)[:1]
