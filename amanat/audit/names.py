"""What the placeholders of an expected state stand for on one machine: addresses and names that differ by stack."""

import re
from collections.abc import Mapping
from typing import Any

from amanat.audit.expectations import services_of
from amanat.audit.host import Host
from amanat.audit.hosts import Hosts
from amanat_host.state.keys import fingerprint

ACCOUNTS = ("deploy", "auditor")  # who have a key of the stack's
DRILL = "drill"  # the scratch machine of a drill; its address is kept free for it


def peers_of(machine: Host) -> Mapping[str, Mapping[str, Any]]:
    """The machines that one knows by name, itself among them: what the inventory says of each."""
    return machine.variables.get("base_peers") or {}


def address_of(other: Host, machine: Host) -> str:
    """The address by which `machine` knows another, or itself; SSH's where the inventory has no other."""
    return str(peers_of(machine).get(other.name, {}).get("address", other.address))


def controller_address(machine: Host) -> str:
    """The address that this very connection comes from, as the machine sees it. Raises `NotChecked`."""
    return machine.read("echo ${SSH_CONNECTION%% *}").strip()


def names_of(machine: Host, hosts: Hosts) -> dict[str, str]:
    """Placeholder -> what it stands for, seen from `machine`. Raises `NotChecked` when it can't be asked."""
    names = {
        "<machine>": machine.name,
        "<controller>": controller_address(machine),
        "<address>": machine.read("hostname --all-ip-addresses").split()[0],
    }
    for account in ACCOUNTS:
        if key := re.search(r"AAAA[A-Za-z0-9+/=]+", str(machine.variables.get(f"base_{account}_public_key"))):
            names[f"<key of {account}>"] = fingerprint(key.group())
    for name, peer in peers_of(machine).items():
        services = services_of(hosts[name]) if name in hosts else (name,) if name == DRILL else ()
        for service in services:
            names[f"<machine of {service}>"] = name
            names[f"<address of {service}>"] = str(peer["address"])
    return names
