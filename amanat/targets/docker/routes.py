"""IPv4 networks that this machine already has a way to: a VPN, an office, another bridge."""

import json
from ipaddress import IPv4Network

from amanat import processes

WIDEST = 8  # a shorter prefix is a default route, whole (/0) or in halves (/1, as VPNs write it)


def machine_networks() -> list[IPv4Network]:
    """The destinations of all routing tables (ip-route(8)), default routes and single addresses left out.

    Empty where `ip` is not installed, or prints something else.
    """
    try:
        asked = processes.run(["ip", "-json", "-4", "route", "show", "table", "all"], capture_output=True)
        found = {
            IPv4Network(route["dst"], strict=False)
            for route in json.loads(asked.stdout or "[]")
            if route.get("type", "unicast") == "unicast" and route.get("dst", "default") != "default"
        }
    except (OSError, processes.TimedOut, ValueError, TypeError, AttributeError):
        return []
    return sorted(network for network in found if WIDEST <= network.prefixlen < 32)
