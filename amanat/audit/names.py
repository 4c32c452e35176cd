"""What the placeholders of an expected state stand for on one machine: addresses and names that differ by stack."""

import re
from collections.abc import Mapping

from amanat.audit.expectations import services_of
from amanat.audit.host import Host
from amanat.audit.hosts import Hosts
from amanat_host.state.keys import fingerprint

ACCOUNTS = ("deploy", "auditor")  # who have a key of the stack's
DRILL = "drill"  # the scratch machine of a drill; its address is kept free for it


def names_of(machine: Host, hosts: Hosts) -> dict[str, str]:
    """Placeholder -> what it stands for, seen from `machine`. Raises `NotChecked` when it can't be asked."""
    peers: Mapping[str, Mapping[str, object]] = machine.variables.get("base_peers") or {}
    names = {
        "<machine>": machine.name,
        "<controller>": machine.read("echo ${SSH_CONNECTION%% *}").strip(),
        "<address>": machine.read("hostname --all-ip-addresses").split()[0],
    }
    for account in ACCOUNTS:
        if key := re.search(r"AAAA[A-Za-z0-9+/=]+", str(machine.variables.get(f"base_{account}_public_key"))):
            names[f"<key of {account}>"] = fingerprint(key.group())
    for name, peer in peers.items():
        services = services_of(hosts[name]) if name in hosts else (name,) if name == DRILL else ()
        for service in services:
            names[f"<machine of {service}>"] = name
            names[f"<address of {service}>"] = str(peer["address"])
    return names
