"""Reads what daemons say of themselves."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


def sshd_settings(text: str) -> dict[str, list[str]]:
    """The effective settings that `sshd -T` prints, by lower-case name; some occur more than once."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, _, value = line.strip().partition(" ")
        found.setdefault(name.lower(), []).append(value)
    return found


@dataclass(frozen=True)
class Listener:
    """A socket that waits for connections or datagrams."""

    protocol: str
    address: str
    port: int
    process: str

    @property
    def is_local(self) -> bool:
        """Whether only this host itself reaches it."""
        return self.address.startswith(("127.", "[::1]", "[::ffff:127.")) or "%lo" in self.address


def listeners(text: str) -> list[Listener]:
    """The lines of `ss -Hlntup`."""
    found = []
    for line in text.splitlines():
        fields = line.split()
        address, _, port = fields[4].rpartition(":")
        process = re.search(r'\(\("([^"]+)"', line)
        found.append(Listener(fields[0], address, int(port), process[1] if process else ""))
    return found


def base_chains(ruleset: Mapping[str, Any], hook: str) -> list[Mapping[str, Any]]:
    """The chains of `nft -j list ruleset` that see packets at a hook."""
    return [one["chain"] for one in ruleset["nftables"] if one.get("chain", {}).get("hook") == hook]


def open_ports(ruleset: Mapping[str, Any], hook: str) -> Iterator[tuple[int, bool]]:
    """Ports that the chains at a hook accept, and whether only from given sources."""
    chains = {(chain["table"], chain["name"]) for chain in base_chains(ruleset, hook)}
    for one in ruleset["nftables"]:
        rule = one.get("rule")
        if not rule or (rule["table"], rule["chain"]) not in chains:
            continue
        statements = rule["expr"]
        if not any("accept" in statement for statement in statements):
            continue
        limited = any(_field(statement) == "saddr" for statement in statements)
        for statement in statements:
            if _field(statement) == "dport":
                yield from ((port, limited) for port in _ports(statement["match"]["right"]))


def _field(statement: Mapping[str, Any]) -> str:
    left = statement.get("match", {}).get("left", {})
    return str(left.get("payload", {}).get("field", "")) if isinstance(left, dict) else ""


def _ports(right: object) -> Sequence[int]:
    if isinstance(right, int):
        return (right,)
    if isinstance(right, dict) and "set" in right:
        return [port for item in right["set"] for port in _ports(item)]
    if isinstance(right, dict) and "range" in right:
        first, last = right["range"]
        return range(first, last + 1)
    return ()
