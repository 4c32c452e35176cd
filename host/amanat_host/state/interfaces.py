"""Reads interfaces, addresses, routes and what else tells packets their way; the way out is called `uplink`."""

from __future__ import annotations

import functools
import ipaddress
import json
import os
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from amanat_host.state.found import Found, answer
from amanat_host.state.syntax import mount_line
from amanat_host.system.state import text

IP = "/usr/sbin/ip"
TC = "/usr/sbin/tc"
UPLINK = "uplink"
OWN = "own address"
PLAIN_QDISCS = {
    "noqueue",
    "fq_codel",
    "pfifo_fast",
    "mq",
    "fq",
}  # what the kernel gives an interface by itself
STATE_FLAGS = {"LOWER_UP", "NO-CARRIER", "UP"}
Link = Mapping[str, Any]


def read(found: Found) -> None:
    """All of it."""
    interfaces(found)
    addresses(found)
    routes(found)
    neighbours(found)
    traffic_control(found)
    other_namespaces(found)


def listed(*words: str) -> list[Link]:
    """What `ip -json` says."""
    shown = answer(IP, "-json", *words).strip()
    return [one for one in json.loads(shown or "[]") if one]


@functools.cache
def uplink() -> str:
    """The interface of the default route; "" where there is none."""
    routes_out = listed("route", "show", "default")
    return str(routes_out[0].get("dev", "")) if routes_out else ""


@functools.cache
def own_address() -> str:
    """The machine's first address of the uplink; "" where there is none."""
    for link in listed("address", "show", "dev", uplink()) if uplink() else []:
        for one in link.get("addr_info", []):
            if one.get("family") == "inet" and one.get("scope") == "global":
                return str(one["local"])
    return ""


@functools.cache
def network() -> ipaddress.IPv4Network | None:
    """The network of that address."""
    for link in listed("address", "show", "dev", uplink()) if uplink() else []:
        for one in link.get("addr_info", []):
            if one.get("local") == own_address():
                return ipaddress.IPv4Interface(f"{one['local']}/{one['prefixlen']}").network
    return None


def common(words: str) -> str:
    """A text with what differs from machine to machine replaced by words: interface, own address, its network."""
    place = network()
    names = {uplink(): UPLINK, own_address(): OWN}
    if place:
        names |= {str(place): "own network", str(place.broadcast_address): "broadcast address of own network"}
    for name in sorted(filter(None, names), key=len, reverse=True):
        words = re.sub(rf"(?<![\w.:/-]){re.escape(name)}(?![\w:-]|[./]\d)", names[name], words)
    return words


def interfaces(found: Found) -> None:
    """Each interface: kind, whether it is up, whether it takes others' packets, what hangs on it."""
    for link in listed("-details", "link"):
        name = UPLINK if link["ifname"] == uplink() else link["ifname"]
        flags = [flag.lower() for flag in link.get("flags", []) if flag not in STATE_FLAGS]
        words = [
            str(link.get("link_type")),
            "up" if "UP" in link.get("flags", []) else "down",
            *sorted(flags),
        ]
        kind = link.get("linkinfo", {}).get("info_kind")
        words += [kind] if kind and name != UPLINK else []  # a container's is veth, a server's a card's
        words += [f"{key} {link[key]}" for key in ("promiscuity", "allmulti") if link.get(key)]
        words += [f"{key} {json.dumps(link[key])}" for key in ("master", "xdp") if link.get(key)]
        found.add(f"interface {name}", " ".join(words))


def indices() -> dict[str, int]:
    """The kernel's number of each interface, by its name as it is told."""
    return {common(link["ifname"]): int(link["ifindex"]) for link in listed("link")}


def addresses(found: Found) -> None:
    """Each address of each interface."""
    for link in listed("address"):
        for one in link.get("addr_info", []):
            prefix = "" if one["local"] == own_address() else f"/{one['prefixlen']}"
            peer = f", peer {one['address']}" if "address" in one else ""
            name = common(f"{one['local']}{prefix} of {link['ifname']}")
            found.add(f"address {name}", f"{one.get('scope')}{peer}")


def routes(found: Found) -> None:
    """Each route of each table, each rule, each next hop, and policies of IPsec."""
    for family in ("-4", "-6"):
        for line in answer(IP, family, "route", "show", "table", "all").splitlines():
            words = re.sub(r" (?:metric|pref|expires|hoplimit|mtu|proto|users|age|error) \S+", "", f"{line} ")
            found.add(f"route{family.replace('-4', '')} {' '.join(common(words).split())}", "yes")
        for line in answer(IP, family, "rule", "show").splitlines():
            found.add(f"rule{family.replace('-4', '')} {' '.join(line.split())}", "yes")
    for line in answer(IP, "nexthop", "show").splitlines():
        found.add(f"next hop {common(line.strip())}", "yes")
    policies = answer(IP, "-oneline", "xfrm", "policy").splitlines()
    for line in policies:
        found.add(f"IPsec policy {' '.join(line.split())}", "yes")
    for line in answer(IP, "mptcp", "endpoint", "show").splitlines():
        found.add(f"mptcp endpoint {common(line.strip())}", "yes")
    for path in ("/proc/net/ip_mr_vif", "/proc/net/ip6_mr_vif", "/proc/net/ip_vs"):
        for line in text(path).splitlines()[1:]:
            found.add(f"{os.path.basename(path)} {' '.join(line.split())}", "yes")


def neighbours(found: Found) -> None:
    """Neighbours that somebody set by hand, and those that the machine answers for."""
    for link in listed("neighbour", "show", "nud", "permanent"):
        if link.get("dst") and link.get("dev") != "lo":
            found.add(f"neighbour {common(link['dst'])}", f"set by hand: {link.get('lladdr')}")
    for family in ("-4", "-6"):
        for line in answer(IP, family, "neighbour", "show", "proxy").splitlines():
            found.add(f"neighbour answered for: {common(line.strip())}", "yes")


def traffic_control(found: Found) -> None:
    """What sees packets beside the firewall: disciplines that aren't the kernel's own, and filters."""
    for line in answer(TC, "qdisc", "show").splitlines():
        kind = line.split()[1]
        if kind not in PLAIN_QDISCS:
            found.add(f"qdisc {common(' '.join(line.split()[1:]))}", "yes")
    names = [link["ifname"] for link in listed("link")]
    for name in names:
        for place in ((), ("root",), ("ingress",), ("egress",)):
            for line in answer(TC, "filter", "show", "dev", name, *place).splitlines():
                if line.strip():
                    found.add(
                        f"tc filter of {common(name)} {' '.join(place)}: {' '.join(line.split())}", "yes"
                    )


def other_namespaces(found: Found) -> None:
    """Networks of their own in which processes have more than a loopback: the firewall isn't theirs."""
    for pid, names in elsewhere().items():
        if names - {"lo"}:
            unit = text(f"/proc/{pid}/cgroup").strip().rpartition("/")[2] or "no unit"
            item = f"another network of {unit} with {' '.join(sorted(names))}"
            if item not in found.items:
                found.add(item, "yes")
    for line in text("/proc/self/mountinfo").splitlines():
        mount = mount_line(line)
        if mount.kind == "nsfs" and mount.root.startswith("net:"):
            found.add(f"another network kept at {mount.target}", "yes")


def elsewhere() -> dict[str, frozenset[str]]:
    """The processes that see other interfaces or addresses than this one, and which interfaces."""
    ours = namespace_of("self")
    theirs = {pid: namespace_of(pid) for pid in os.listdir("/proc") if pid.isdigit()}
    return {pid: names for pid, (names, local) in theirs.items() if names and (names, local) != ours}


def namespace_of(pid: str) -> tuple[frozenset[str], str]:
    """The interfaces that a process sees, and a digest of its own addresses; nothing when it is gone."""
    lines = text(f"/proc/{pid}/net/dev").splitlines()[2:]
    names = frozenset(line.split(":")[0].strip() for line in lines)
    return names, sha256(text(f"/proc/{pid}/net/fib_trie").encode()).hexdigest()


def forget() -> None:
    """Have the machine's own address looked up anew."""
    for one in (uplink, own_address, network):
        one.cache_clear()
