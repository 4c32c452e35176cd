"""Reads the whole ruleset of the kernel's firewall: each table, chain, set, object and rule as an item."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from amanat_host.accounts import account_name
from amanat_host.state import xtables
from amanat_host.state.found import Found, answer, paths
from amanat_host.state.interfaces import uplink
from amanat_host.system.state import text

NFT = "/usr/sbin/nft"
LEGACY = ("ip_tables", "ip6_tables", "arp_tables", "eb_tables")
# A rule that does nothing but accept: those of one chain may change places with each other and with no other.
ACTS = re.compile(
    r"\b(?:drop|reject|return|jump|goto|queue|set|add|update|delete|dnat|snat|masquerade|redirect|tproxy|notrack|dup|fwd"
    r"|synproxy|log|vmap|xt|flow|secmark|helper|expectation|timeout|meter)\b"
)
# Several elements; that of a map has colons, and what an exclusion leaves out is one whole.
SETS = re.compile(r"(?<!!= )\{ ([^{}:]*, [^{}:]*) \}")
STANDARD_PORTS = {"80", "443"}


@dataclass
class Block:
    """A table, or what it holds: its opening line, its own lines, and its blocks."""

    name: str
    lines: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)


def read(found: Found) -> None:
    """All of it; what older tools filled is told by the names of its tables."""
    for item, value in ruleset(answer(NFT, "--stateless", "list", "ruleset")):
        found.add(item, value)
    for item, value in xtables.expressions():
        found.add(item, value)
    for name in LEGACY:
        for table in text(f"/proc/net/{name}_names").split():
            found.add(f"legacy table {name} {table}", "yes")
    for line in answer(NFT, "list", "flowtables").splitlines():
        if "flowtable" in line:
            found.add(f"nft {line.strip(' {')}", "yes")


def ruleset(shown: str) -> Iterator[tuple[str, str]]:
    """What `nft --stateless list ruleset` shows, as item and value."""
    ports = source_ports()
    for table in parsed(shown).blocks:
        name = table.name.removeprefix("table ")
        yield f"nft {name}", "; ".join(table.lines) or "plain"
        for block in table.blocks:
            kind, _, own = block.name.partition(" ")
            if kind == "chain":
                yield from chain(f"nft {name} {own}", block.lines, ports)
            else:
                yield from named_set(f"nft {name} {kind} {own}", block.lines)


def parsed(shown: str) -> Block:
    """The blocks of a ruleset, by their braces; a line whose braces aren't closed goes on with the next."""
    root = Block("")
    stack = [root]
    pending = ""
    for line in shown.splitlines():
        pending = f"{pending} {line.strip()}" if pending else line.strip()
        bare = re.sub(r'"[^"]*"', "", pending)
        opened = bare.count("{") - bare.count("}")
        if opened == 1 and bare.endswith("{") and not bare.startswith("elements"):
            block = Block(pending.rstrip(" {"))
            stack[-1].blocks.append(block)
            stack.append(block)
        elif opened > 0:
            continue
        elif bare == "}" and len(stack) > 1:
            stack.pop()
        elif pending:
            stack[-1].lines.append(pending)
        pending = ""
    return root


def chain(name: str, lines: Sequence[str], ports: set[str]) -> Iterator[tuple[str, str]]:
    """A chain's hook and policy, and its rules with their place among those that do more than accept."""
    base = [line for line in lines if line.startswith(("type ", "comment "))]
    yield name, "; ".join(base) or "no hook"
    acting = 0
    for line in lines:
        if line in base:
            continue
        if ACTS.search(re.sub(r'"[^"]*"', "", line)) or not re.search(r"\baccept\b", line):
            acting += 1
            place = f"number {acting} of those that act"
        else:
            place = f"after {acting} of those that act"
        for rule in spread(rewritten(line, ports)):
            yield f"{name}: {rule}", place


def spread(rule: str) -> Iterator[str]:
    """A rule once for each element of its sets: which of them stand together is a matter of taste."""
    pieces = SETS.split(rule)
    choices = [[one] if number % 2 == 0 else one.split(", ") for number, one in enumerate(pieces)]
    for chosen in itertools.product(*choices):
        yield "".join(chosen)


def rewritten(rule: str, ports: set[str]) -> str:
    """A rule with accounts by name, the uplink by that word, and ports that package sources alone have."""
    rule = re.sub(r"\b(skuid|skgid) (\{[^}]*\}|\d+)", _with_names, rule)
    if uplink():
        rule = rule.replace(f'"{uplink()}"', '"uplink"')
    if 'comment "updates"' in rule:
        rule = re.sub(r"dport (\{[^}]*\}|\d+)", lambda found: _ports(found[1], ports), rule)
    return rule


def _with_names(match: re.Match[str]) -> str:
    if match[1] == "skgid":
        return match[0]
    return f"{match[1]} " + re.sub(r"\d+", lambda number: account_name(int(number[0])), match[2])


def _ports(words: str, ports: set[str]) -> str:
    standing = [one for one in re.findall(r"\d+", words) if one not in ports - STANDARD_PORTS]
    return f"dport {{ {', '.join(standing)} }}" if len(standing) != 1 else f"dport {standing[0]}"


def source_ports() -> set[str]:
    """The ports of the places that packages come from, and of the proxy on the way."""
    files = paths("/etc/apt/sources.list", "/etc/apt/sources.list.d/*", "/etc/apt/apt.conf.d/*")
    return {port for path in files for port in re.findall(r"https?://[^/\s\":]+:(\d+)", text(Path(path)))}


def named_set(name: str, lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """A set, map or object; elements that packets add by themselves are left out."""
    fixed = [line for line in lines if not line.startswith("elements")]
    yield name, "; ".join(fixed)
    if any(line.startswith("flags") and "dynamic" in line for line in fixed):
        return
    for line in lines:
        if line.startswith("elements"):
            for element in re.sub(r"^elements = \{|\}$", "", line).split(","):
                yield f"{name} element {element.strip()}", "yes"
