"""The house's plan: its places don't collide, and a host hears only those it must."""

from ipaddress import IPv4Network
from itertools import pairwise

import pytest

from amanat import topology
from amanat.topology import CONTROLLER, FLOWS, PLACES, WORLD

SUBNET = IPv4Network("10.64.7.0/24")


def by_name(entries):
    return {entry["name"]: entry for entry in entries}


def test_the_six_hosts_have_places_and_store_and_vault_are_built():
    assert {name for name in PLACES if not PLACES[name].transient} == {
        "edge",
        "store",
        "vault",
        "desk",
        "otp",
        "logs",
    }
    assert topology.built() == ("store", "vault")


def test_a_transient_host_is_known_before_it_comes_and_serves_only_its_maker():
    assert [name for name in PLACES if PLACES[name].transient] == ["drill"]
    assert topology.peers(SUBNET)["drill"] == "10.64.7.8"
    assert [entry["sources"] for entry in topology.incoming("drill", SUBNET)] == [["10.64.7.1"]]
    assert by_name(topology.incoming("vault", SUBNET))["pgbackrest"]["sources"] == ["10.64.7.8", "10.64.7.11"]
    assert "10.64.7.8" not in by_name(topology.incoming("store", SUBNET))["postgresql"]["sources"]


def test_every_host_fits_the_smallest_network_at_its_own_address():
    smallest = IPv4Network("10.64.7.16/28")
    inside = set(smallest.hosts()) - {topology.gateway(smallest)}
    addresses = [topology.address(name, smallest) for name in PLACES]
    assert len(set(addresses)) == len(addresses)
    assert set(addresses) <= inside


def test_every_flow_joins_known_hosts_and_an_offered_service():
    for flow in FLOWS:
        assert flow.source in {*PLACES, CONTROLLER, WORLD}
        assert flow.source != flow.host
        assert flow.service in {service.name for service in PLACES[flow.host].services}
        assert flow.why
    for one, other in pairwise(sorted((flow.source, flow.host, flow.service) for flow in FLOWS)):
        assert one != other


def test_needs_name_places_and_have_an_order():
    order: list[str] = []
    while len(order) < len(PLACES):
        ready = [name for name in PLACES if name not in order and set(PLACES[name].needs) <= set(order)]
        assert ready, f"a circle among {set(PLACES) - set(order)}"
        order += ready


def test_every_offered_service_is_reached_by_somebody():
    reached = {(flow.host, flow.service) for flow in FLOWS}
    assert reached == {(name, service.name) for name, place in PLACES.items() for service in place.services}


def test_the_store_hears_the_controller_and_the_vault():
    assert topology.incoming("store", SUBNET) == [
        {"name": "ssh", "protocol": "tcp", "port": 22, "sources": ["10.64.7.1"]},
        {"name": "postgresql", "protocol": "tcp", "port": 5432, "sources": ["10.64.7.1", "10.64.7.12"]},
        {"name": "pgbackrest", "protocol": "tcp", "port": 8432, "sources": ["10.64.7.12"]},
    ]
    assert set(topology.peers(SUBNET)) == {"drill", "store", "vault"}


def test_with_the_whole_house_the_store_hears_its_clients_by_address():
    entries = by_name(topology.incoming("store", SUBNET, PLACES))
    assert entries["postgresql"]["sources"] == ["10.64.7.1", "10.64.7.12", "10.64.7.13", "10.64.7.14"]
    assert entries["pgbackrest"]["sources"] == ["10.64.7.12"]
    assert entries["ssh"]["sources"] == ["10.64.7.1"]


@pytest.mark.parametrize("host", PLACES)
def test_only_the_public_door_and_the_mail_server_hear_the_world(host):
    public = {
        entry["name"]
        for entry in topology.incoming(host, SUBNET, PLACES)
        if topology.ANYWHERE in entry["sources"]
    }
    assert public == {"edge": {"http", "https"}, "desk": {"smtp"}}.get(host, set())
