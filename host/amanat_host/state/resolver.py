"""Reads where names come from: /etc/hosts, the resolver's settings, the name service's sources."""

from __future__ import annotations

import re

from amanat_host.state.found import Found, add_lines, effective_lines

SWITCH = "/etc/nsswitch.conf"
HOSTS = "/etc/hosts"
RESOLVER = "/etc/resolv.conf"


def read(found: Found) -> None:
    """All of it."""
    for line in effective_lines(SWITCH):
        name, _, sources = line.partition(":")
        found.add(f"sources of {name.strip()}", sources.strip(), SWITCH)
    for name, addresses in hosts(effective_lines(HOSTS)).items():
        found.add(f"name {name}", " ".join(addresses), HOSTS)
    lines = [line for line in effective_lines(RESOLVER) if not line.startswith(";")]
    servers = [line for line in lines if line.startswith("nameserver")]
    for line in lines:
        place = f"server {servers.index(line) + 1}" if line in servers else "yes"
        found.add(f"resolver {line}", place, RESOLVER)
    for path in ("/etc/gai.conf", "/etc/host.conf", "/etc/hosts.allow", "/etc/hosts.deny", "/etc/ethers"):
        add_lines(found, path, path)


def hosts(lines: list[str]) -> dict[str, list[str]]:
    """Each name of /etc/hosts with its addresses, in order; the stack's name within a name is left out."""
    found: dict[str, list[str]] = {}
    for line in lines:
        address, *names = line.split()
        for name in names:
            addresses = found.setdefault(
                re.sub(r"^([a-z0-9-]+)\.[a-z0-9-]+\.internal$", r"\1.(stack).internal", name), []
            )
            if address not in addresses:
                addresses.append(address)
    return found
