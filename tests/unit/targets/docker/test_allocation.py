"""Subnet and ports: chosen once, kept from then on, never one that is taken."""

import ipaddress
import socket

import pytest

from amanat.targets.docker import allocation, resources
from amanat.targets.docker.allocation import (
    NothingFree,
    _Allocations,
    choose_addresses,
    choose_ports,
    choose_subnet,
    is_free,
)

PROPS = {
    "stack_id": "unit-1",
    "engine_uri": "",
    "machines": ["drill", "alpha"],
    "asked_subnet": "",
    "asked_ports": {"ssh": 0, "db": 0},
    "settings": {"ssh": "ssh_ports.alpha", "db": "database_port", "web": ""},
}
KEPT = {"addresses": {"drill": "10.70.1.2", "alpha": "10.70.1.3"}}


@pytest.fixture
def taken(monkeypatch):
    """The subnets of the engine's other networks; tests add to it."""
    found = []
    monkeypatch.setattr(resources, "subnets", lambda uri, besides: found)
    return found


@pytest.fixture(autouse=True)
def routes(monkeypatch):
    """The networks this machine has routes to; the stack's own subnets are none."""
    found = []
    monkeypatch.setattr(allocation, "machine_networks", lambda: found)
    monkeypatch.setattr(resources, "own_subnets", lambda uri, stack_id: [])
    return found


@pytest.fixture
def busy():
    """A port of loopback on which something listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_the_choice_depends_on_the_stack_only(taken):
    first, again = (_Allocations().create(PROPS).outs for _ in range(2))
    assert (first["subnet"], first["ports"]) == (again["subnet"], again["ports"])
    other = _Allocations().create({**PROPS, "stack_id": "unit-2"}).outs
    assert other["subnet"] != first["subnet"]
    assert ipaddress.IPv4Network(first["subnet"]).is_private
    assert len(set(first["ports"].values())) == 2


def test_an_update_keeps_what_the_stack_has(taken, busy):
    olds = {**PROPS, **KEPT, "subnet": "10.70.1.0/24", "ports": {"ssh": float(busy), "db": 20001.0}}
    taken.append(ipaddress.IPv4Network("10.70.0.0/16"))  # even if it would not be chosen today
    news = _Allocations().update("id", olds, {**PROPS, "asked_ports": {"ssh": 0, "db": 0, "web": 0}}).outs
    assert news["subnet"] == "10.70.1.0/24"
    assert (news["ports"]["ssh"], news["ports"]["db"]) == (busy, 20001)
    assert news["ports"]["web"] not in (busy, 20001)


def test_a_machine_more_moves_no_other(taken):
    olds = {**PROPS, **KEPT, "subnet": "10.70.1.0/28", "ports": {"ssh": 20000, "db": 20001}}
    more = _Allocations().update("id", olds, {**PROPS, "machines": ["drill", "a-first-one", "alpha"]}).outs
    assert more["addresses"] == KEPT["addresses"] | {"a-first-one": "10.70.1.4"}
    assert more["controller"] == "10.70.1.1"


def test_an_address_that_was_another_machines_is_taken_last():
    kept = {"drill": "10.0.0.2", "alpha": "10.0.0.3"}
    swapped = choose_addresses(["drill", "beta"], kept, "10.0.0.0/28")
    assert swapped == {"drill": "10.0.0.2", "beta": "10.0.0.4"}
    machines = [f"m{number}" for number in range(12)]
    full = choose_addresses(["drill", *machines], kept, "10.0.0.0/28")
    assert (full["m11"], len(set(full.values()))) == ("10.0.0.3", 13)
    assert "10.0.0.1" not in full.values()


def test_a_subnet_that_is_too_small_is_refused():
    with pytest.raises(NothingFree, match="has 13 addresses for 14 machines"):
        choose_addresses([f"m{number}" for number in range(14)], {}, "10.0.0.0/28")


def test_another_subnet_gives_other_addresses(taken):
    olds = {**PROPS, **KEPT, "subnet": "10.70.1.0/24", "ports": {"ssh": 20000, "db": 20001}}
    news = _Allocations().update("id", olds, {**PROPS, "asked_subnet": "192.168.7.0/28"}).outs
    assert news["addresses"] == {"drill": "192.168.7.2", "alpha": "192.168.7.3"}
    assert news["controller"] == "192.168.7.1"


def test_asking_for_the_port_it_has_is_no_clash(busy):
    assert choose_ports({"ssh": busy}, {"ssh": busy}, "s", {}) == {"ssh": busy}


def test_an_update_takes_what_is_newly_asked(taken):
    olds = {**PROPS, **KEPT, "subnet": "10.70.1.0/24", "ports": {"ssh": 20000, "db": 20001}}
    news = _Allocations().update("id", olds, {**PROPS, "asked_subnet": "192.168.7.0/28"}).outs
    assert news["subnet"] == "192.168.7.0/28"


@pytest.mark.parametrize(
    ("news", "changed"),
    [
        ({}, False),
        ({"stack_id": "x", "engine_uri": "unix:///x"}, False),
        ({"asked_ports": {"ssh": 0.0, "db": 0.0}}, False),
        ({"asked_subnet": "10.1.0.0/24"}, True),
        ({"machines": ["drill", "alpha", "beta"]}, True),
        ({"settings": {}}, False),
        ({"asked_ports": {"ssh": 2222, "db": 0}}, True),
    ],
)
def test_only_another_wish_is_a_change_and_never_a_replacement(news, changed):
    diff = _Allocations().diff("id", PROPS, {**PROPS, **news})
    assert (diff.changes, diff.replaces) == (changed, [])


def test_a_port_in_use_is_refused_with_its_setting(busy):
    with pytest.raises(NothingFree) as refused:
        choose_ports({"alpha/ssh": busy}, {}, "s", {"alpha/ssh": "ssh_ports.alpha"})
    said = str(refused.value)
    assert f"ssh_ports.alpha = {busy} is in use" in said
    assert "amanat:ssh_ports.alpha to 0" in said


def test_a_chosen_port_is_nobody_elses(monkeypatch):
    tried = []
    monkeypatch.setattr(allocation, "is_free", lambda port: tried.append(port) or len(tried) > 3)
    port = choose_ports({"a": 0}, {}, "s", {})["a"]
    assert port == tried[-1]
    assert len(set(tried)) == 4
    monkeypatch.setattr(allocation, "is_free", lambda port: True)
    assert choose_ports({"a": 0, "b": port}, {}, "s", {"b": "database_port"})["a"] != port
    kept = choose_ports({"a": 0}, {}, "s", {})["a"]
    assert (
        choose_ports({"a": 0, "b": 0}, {"b": kept}, "s", {})["a"] != kept
    )  # b's host may be stopped just now


def test_no_free_port_is_told(monkeypatch):
    monkeypatch.setattr(allocation, "is_free", lambda port: False)
    with pytest.raises(NothingFree, match="no free port between 20000 and 31999"):
        choose_ports({"a": 0}, {}, "s", {})


def test_a_port_is_free_when_nothing_listens(busy):
    assert not is_free(busy)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert is_free(port)


def test_a_port_somebody_listens_on_everywhere_is_not_free():
    with socket.create_server(("", 0)) as server:
        assert not is_free(server.getsockname()[1])


def test_a_chosen_subnet_overlaps_no_network(taken):
    first = choose_subnet(PROPS)
    taken.append(ipaddress.IPv4Network(first).supernet(new_prefix=20))
    second = ipaddress.IPv4Network(choose_subnet(PROPS))
    assert not any(second.overlaps(net) for net in taken)
    taken.append(ipaddress.IPv4Network("10.0.0.0/8"))
    assert ipaddress.IPv4Network(choose_subnet(PROPS)).subnet_of(ipaddress.IPv4Network("172.16.0.0/12"))
    taken += [ipaddress.IPv4Network("172.16.0.0/12"), ipaddress.IPv4Network("192.168.0.0/16")]
    with pytest.raises(NothingFree, match="no free subnet"):
        choose_subnet(PROPS)


def test_a_chosen_subnet_leaves_the_machines_own_ways_alone(taken, routes):
    first = ipaddress.IPv4Network(choose_subnet(PROPS))
    routes.append(first.supernet(new_prefix=16))
    assert not ipaddress.IPv4Network(choose_subnet(PROPS)).overlaps(routes[0])
    with pytest.raises(NothingFree, match="already has a route to"):
        choose_subnet({**PROPS, "asked_subnet": str(first)})


def test_the_route_to_the_stacks_own_bridge_is_no_obstacle(taken, routes, monkeypatch):
    own = ipaddress.IPv4Network("10.9.8.0/24")
    routes.append(own)
    monkeypatch.setattr(resources, "own_subnets", lambda uri, stack_id: [own])
    assert choose_subnet({**PROPS, "asked_subnet": "10.9.8.0/25"}) == "10.9.8.0/25"


@pytest.mark.parametrize("other", ["10.9.0.0/16", "10.9.8.0/24", "10.9.8.128/25"])
def test_an_asked_subnet_that_overlaps_is_refused(taken, other):
    taken.append(ipaddress.IPv4Network(other))
    with pytest.raises(NothingFree) as refused:
        choose_subnet({**PROPS, "asked_subnet": "10.9.8.0/24"})
    assert f"network_subnet = 10.9.8.0/24 overlaps {other}" in str(refused.value)
    assert choose_subnet({**PROPS, "asked_subnet": "10.10.8.0/24"}) == "10.10.8.0/24"


def test_the_stacks_own_network_is_not_asked_about(monkeypatch):
    asked = []
    monkeypatch.setattr(resources, "subnets", lambda uri, besides: asked.append((uri, besides)) or [])
    choose_subnet({**PROPS, "engine_uri": "unix:///e"})
    assert asked == [("unix:///e", "unit-1")]
