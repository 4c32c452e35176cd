"""Reads what daemons say of themselves."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


def sshd_settings(text: str) -> dict[str, list[str]]:
    """The effective settings that `sshd -T` prints, by lower-case name; some occur more than once."""
    settings: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, _, value = line.strip().partition(" ")
        settings.setdefault(name.lower(), []).append(value)
    return settings


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
        own = self.address.startswith(("127.", "[::1]", "[::ffff:127."))
        return own or self.address.partition("%")[2].rstrip("]") == "lo"


def listeners(text: str) -> list[Listener]:
    """The lines of `ss -Hlntup`."""
    sockets = []
    for line in text.splitlines():
        fields = line.split()
        address, _, port = fields[4].rpartition(":")
        process = re.search(r'\(\("([^"]+)"', line)
        sockets.append(Listener(fields[0], address, int(port), process[1] if process else ""))
    return sockets


def base_chains(ruleset: Mapping[str, Any], hook: str) -> list[Mapping[str, Any]]:
    """The chains of `nft -j list ruleset` that see packets at a hook."""
    return [one["chain"] for one in ruleset["nftables"] if one.get("chain", {}).get("hook") == hook]


def ways_out(ruleset: Mapping[str, Any], hook: str, trusted: Collection[str]) -> list[str]:
    """The rules at a hook, as JSON, that let an account that isn't `trusted` speak to addresses that nobody named.

    Loopback, ICMP and what answers others' calls are no ways out.
    """
    return [
        json.dumps(statements)
        for statements in _accepting(ruleset, hook)
        if not any(_to_named(one) or _by(one, trusted) or _answers(one) for one in statements)
    ]


def dropped_sources(ruleset: Mapping[str, Any], hook: str) -> set[str]:
    """The source addresses that the chains at a hook drop whatever else a packet is, as nft writes them."""
    chains = {(chain["family"], chain["table"], chain["name"]) for chain in base_chains(ruleset, hook)}
    rules = [one["rule"] for one in ruleset["nftables"] if "rule" in one]
    return {
        written
        for rule in rules
        if (rule["family"], rule["table"], rule["chain"]) in chains
        and any("drop" in statement for statement in rule["expr"])
        and [_field(statement) for statement in rule["expr"] if "match" in statement] == ["saddr"]
        for statement in rule["expr"]
        if _equals(statement, "saddr")
        for written in _written(statement["match"]["right"])
    }


EVERY_PORT = 0  # of a rule that accepts without naming its ports


def open_ports(ruleset: Mapping[str, Any], hook: str) -> Iterator[tuple[int, bool]]:
    """Ports that the chains at a hook accept, and whether only from given sources."""
    for statements in _accepting(ruleset, hook):
        limited = any(_equals(statement, "saddr") for statement in statements)
        yield from ((port, limited) for port in _accepted_ports(statements))


def callers(ruleset: Mapping[str, Any], hook: str, port: int) -> set[str]:
    """The sources from which the chains at a hook accept a port, as nft writes them; `any` for a rule without one."""
    allowed: set[str] = set()
    for statements in _accepting(ruleset, hook):
        if _accepted_ports(statements) & {port, EVERY_PORT}:
            sources = [one["match"]["right"] for one in statements if _equals(one, "saddr")]
            allowed |= {written for source in sources for written in _written(source)} if sources else {"any"}
    return allowed


def _accepting(ruleset: Mapping[str, Any], hook: str) -> Iterator[Sequence[Mapping[str, Any]]]:
    """The statements of each rule at a hook that accepts a stranger, or leads to where we don't look."""
    chains = {(chain["family"], chain["table"], chain["name"]) for chain in base_chains(ruleset, hook)}
    for one in ruleset["nftables"]:
        rule = one.get("rule")
        if not rule or (rule["family"], rule["table"], rule["chain"]) not in chains:
            continue
        verdicts = {name for statement in rule["expr"] for name in statement}
        if verdicts & {"jump", "goto", "vmap", "queue"} or (
            "accept" in verdicts and not any(map(_lets_no_stranger_in, rule["expr"]))
        ):
            yield rule["expr"]


def _lets_no_stranger_in(statement: Mapping[str, Any]) -> bool:
    """Whether a match leaves only the host itself, the answers to its own calls, or ICMP."""
    match = statement.get("match", {})
    left, right = match.get("left", {}), match.get("right")
    if not _names(match) or not isinstance(left, dict):
        return False
    if left.get("meta", {}).get("key") in ("iif", "iifname", "oif", "oifname"):
        return bool(right == "lo")
    if left.get("meta", {}).get("key") == "l4proto":
        return set(_written(right)) <= {"icmp", "ipv6-icmp"}
    if left.get("ct", {}).get("key") == "state":
        return set(_written(right)) <= {"established", "related"}
    return left.get("payload", {}).get("protocol") in ("icmp", "icmpv6")


def _to_named(statement: Mapping[str, Any]) -> bool:
    """Whether a match leaves only some addresses."""
    return _equals(statement, "daddr") and not any(
        address.endswith("/0") for address in _written(statement["match"]["right"])
    )


def _by(statement: Mapping[str, Any], accounts: Collection[str]) -> bool:
    """Whether a match leaves only what these accounts send."""
    match = statement.get("match", {})
    left = match.get("left", {})
    if not _names(match) or not isinstance(left, dict) or left.get("meta", {}).get("key") != "skuid":
        return False
    return set(_written(match["right"])) <= set(accounts)


def _answers(statement: Mapping[str, Any]) -> bool:
    """Whether a match leaves only packets of connections that somebody else opened: those with ACK."""
    match = statement.get("match", {})
    left = match.get("left", {})
    masked = left.get("&", []) if isinstance(left, dict) else []
    return (
        _names(match)
        and match.get("right") == "ack"
        and _field({"match": {"left": (masked or [{}])[0]}}) == "flags"
    )


def _accepted_ports(statements: Sequence[Mapping[str, Any]]) -> set[int]:
    """The ports that a rule names; `EVERY_PORT` when it names none, names them in a set elsewhere, or by exclusion."""
    named = [one["match"] for one in statements if _field(one) == "dport"]
    if any("vmap" in one for one in statements) or not named:
        return {EVERY_PORT}
    ports: set[int] = set()
    for match in named:
        ports |= (set(_ports(match["right"])) if _names(match) else set()) or {EVERY_PORT}
    return ports


def _names(match: Mapping[str, Any]) -> bool:
    """Whether a match takes what it names, and not all else."""
    return match.get("op") in ("==", "in")


def _equals(statement: Mapping[str, Any], field: str) -> bool:
    return _field(statement) == field and _names(statement["match"])


def _written(source: object) -> Sequence[str]:
    if isinstance(source, dict) and "set" in source:
        source = source["set"]
    if isinstance(source, list):
        return [one for item in source for one in _written(item)]
    if isinstance(source, dict) and "prefix" in source:
        return [f"{source['prefix']['addr']}/{source['prefix']['len']}"]
    return [str(source)]


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
