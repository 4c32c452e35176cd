"""What daemons say of themselves is read without losing anything."""

import pytest

from amanat.audit.parsers import (
    EVERY_PORT,
    base_chains,
    callers,
    dropped_sources,
    listeners,
    open_ports,
    sshd_settings,
    ways_out,
)


def chain(name: str, hook: str, policy: str = "drop") -> dict[str, object]:
    return {"chain": {"family": "inet", "table": "t", "name": name, "hook": hook, "policy": policy}}


def rule(*statements: dict[str, object], name: str = "input") -> dict[str, object]:
    return {"rule": {"family": "inet", "table": "t", "chain": name, "expr": list(statements)}}


def matches(field: str, right: object, protocol: str = "tcp", op: str = "==") -> dict[str, object]:
    return {"match": {"op": op, "left": {"payload": {"protocol": protocol, "field": field}}, "right": right}}


def meets(kind: str, key: str, right: object, op: str = "==") -> dict[str, object]:
    return {"match": {"op": op, "left": {kind: {"key": key}}, "right": right}}


ACCEPT: dict[str, object] = {"accept": None}
SOURCE = matches("saddr", "192.0.2.1")


@pytest.mark.parametrize(
    ("rules", "opened"),
    [
        ([rule(SOURCE, matches("dport", 22), ACCEPT)], {(22, True)}),
        ([rule(matches("dport", 22), ACCEPT)], {(22, False)}),
        (
            [rule(SOURCE, matches("dport", {"set": [22, {"range": [80, 82]}]}), ACCEPT)],
            {(22, True), (80, True), (81, True), (82, True)},
        ),
        ([rule(matches("dport", 22), {"drop": None})], set()),
        ([rule(matches("dport", 22), ACCEPT, name="elsewhere")], set()),
        ([rule(meets("meta", "iif", "lo"), ACCEPT)], set()),
        ([rule(meets("meta", "iif", "eth0"), ACCEPT)], {(EVERY_PORT, False)}),
        ([rule(meets("meta", "iif", "lo", op="!="), ACCEPT)], {(EVERY_PORT, False)}),
        ([rule(meets("ct", "state", ["established", "related"], op="in"), ACCEPT)], set()),
        ([rule(meets("ct", "state", ["established", "new"], op="in"), ACCEPT)], {(EVERY_PORT, False)}),
        ([rule(meets("ct", "state", "new", op="in"), ACCEPT)], {(EVERY_PORT, False)}),
        ([rule(matches("type", "echo-request", "icmp"), ACCEPT)], set()),
        ([rule(SOURCE, ACCEPT)], {(EVERY_PORT, True)}),
        ([rule(matches("saddr", "192.0.2.1", op="!="), matches("dport", 22), ACCEPT)], {(22, False)}),
        ([rule(SOURCE, matches("dport", 22, op="!="), ACCEPT)], {(EVERY_PORT, True)}),
        ([rule(SOURCE, matches("dport", "@served"), ACCEPT)], {(EVERY_PORT, True)}),
        ([rule({"jump": {"target": "elsewhere"}})], {(EVERY_PORT, False)}),
        ([rule({"goto": {"target": "elsewhere"}})], {(EVERY_PORT, False)}),
        ([rule({"vmap": {"key": {}, "data": {}}})], {(EVERY_PORT, False)}),
    ],
)
def test_open_ports_are_those_that_a_rule_accepts(rules: list[object], opened: set[tuple[int, bool]]) -> None:
    assert (
        set(open_ports({"nftables": [{"metainfo": {}}, chain("input", "input"), *rules]}, "input")) == opened
    )


def test_base_chains_are_found_by_hook() -> None:
    ruleset = {"nftables": [chain("input", "input"), chain("out", "output", "accept"), rule(ACCEPT)]}
    assert [one["policy"] for one in base_chains(ruleset, "output")] == ["accept"]


def test_listeners_know_what_is_local() -> None:
    text = (
        'tcp   LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))\n'
        "udp   UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:*\n"
        "tcp   LISTEN 0 128 [::1]:5432 [::]:*\n"
        "tcp   LISTEN 0 128 [::]:80 [::]:*\n"
        "tcp   LISTEN 0 128 *:443 *:*\n"
        "tcp   LISTEN 0 128 10.0.0.2%lo0evil:8080 *:*\n"
    )
    found = listeners(text)
    assert [(one.port, one.is_local) for one in found] == [
        (22, False),
        (53, True),
        (5432, True),
        (80, False),
        (443, False),
        (8080, False),
    ]
    assert found[0].process == "sshd"


def test_sshd_settings_keep_repeated_names() -> None:
    assert sshd_settings("port 22\nAllowUsers a\nallowusers b\n") == {
        "port": ["22"],
        "allowusers": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("rules", "sources"),
    [
        ([], set()),
        ([rule(matches("dport", 22), ACCEPT)], {"any"}),
        ([rule(SOURCE, matches("dport", 22), ACCEPT), rule(matches("dport", 80), ACCEPT)], {"192.0.2.1"}),
        ([rule(SOURCE, matches("dport", 22), {"drop": None})], set()),
        (
            [
                rule(
                    matches("saddr", {"set": ["192.0.2.7", {"prefix": {"addr": "10.0.0.0", "len": 8}}]}),
                    matches("dport", {"set": [{"range": [20, 30]}]}),
                    ACCEPT,
                ),
                rule(SOURCE, matches("dport", 22), ACCEPT),
            ],
            {"192.0.2.7", "10.0.0.0/8", "192.0.2.1"},
        ),
    ],
)
def test_callers_are_the_sources_that_rules_accept(rules: list[object], sources: set[str]) -> None:
    assert callers({"nftables": [chain("input", "input"), *rules]}, "input", 22) == sources


DROP: dict[str, object] = {"drop": None}
PEER = matches("daddr", {"set": ["10.0.0.11", "10.0.0.12"]}, "ip")
ANYWHERE = matches("daddr", {"prefix": {"addr": "0.0.0.0", "len": 0}}, "ip")  # noqa: S104 - no address to bind to
ANSWER: dict[str, object] = {
    "match": {
        "op": "==",
        "left": {"&": [{"payload": {"protocol": "tcp", "field": "flags"}}, {"|": ["syn", "ack"]}]},
        "right": "ack",
    }
}


@pytest.mark.parametrize(
    ("statements", "is_way_out"),
    [
        ([matches("dport", {"set": [53, 123]}, "udp")], True),
        ([matches("dport", 53, "tcp")], True),
        ([], True),
        ([ANYWHERE], True),
        ([matches("daddr", "10.0.0.11", "ip", op="!=")], True),
        ([meets("meta", "skuid", 0), matches("dport", 53, "th")], False),
        ([meets("meta", "skuid", {"set": [0, 42]})], False),
        ([meets("meta", "skuid", {"set": [0, 105]})], True),
        ([meets("meta", "skuid", 0, op="!=")], True),
        ([PEER], False),
        ([meets("meta", "oif", "lo")], False),
        ([meets("meta", "oif", "eth0")], True),
        ([meets("ct", "state", ["established", "related"], op="in")], False),
        ([meets("ct", "state", "new", op="in"), ANSWER], False),
        ([meets("meta", "l4proto", {"set": ["icmp", "ipv6-icmp"]})], False),
        ([meets("meta", "l4proto", {"set": ["icmp", "udp"]})], True),
    ],
)
def test_a_way_out_is_what_an_untrusted_account_may_take(
    statements: list[dict[str, object]], is_way_out: bool
) -> None:
    ruleset = {"nftables": [chain("output", "output"), rule(*statements, ACCEPT, name="output")]}
    assert bool(ways_out(ruleset, "output", {"root", "0", "_apt", "42"})) is is_way_out


@pytest.mark.parametrize(
    ("rules", "dropped"),
    [
        (
            [rule(matches("saddr", {"prefix": {"addr": "127.0.0.0", "len": 8}}, "ip"), DROP)],
            {"127.0.0.0/8"},
        ),
        ([rule(matches("saddr", "::1", "ip6"), {"counter": None}, DROP)], {"::1"}),
        ([rule(matches("saddr", "::1", "ip6"), ACCEPT)], set()),
        ([rule(matches("saddr", "::1", "ip6", op="!="), DROP)], set()),
        ([rule(matches("saddr", "::1", "ip6"), matches("dport", 22), DROP)], set()),
        ([rule(matches("daddr", "::1", "ip6"), DROP)], set()),
        ([rule(matches("saddr", "::1", "ip6"), DROP, name="output")], set()),
    ],
)
def test_dropped_sources_are_those_dropped_whatever_they_send(rules: list[object], dropped: set[str]) -> None:
    ruleset = {"nftables": [chain("input", "input"), chain("output", "output"), *rules]}
    assert dropped_sources(ruleset, "input") == dropped
