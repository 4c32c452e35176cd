"""What a machine lets in: the union over its services, from those that are there, and nothing from itself."""

from ipaddress import IPv4Address

import pytest

from amanat import network, topology
from amanat.network import ANYWHERE, Network
from amanat.placement import Placement

CONTROLLER = "10.64.7.1"
ALL = topology.permanent()


def joined(*machines):
    """A network of these machines, at .11, .12, … and the drill at .8."""
    addresses = {name: IPv4Address(f"10.64.7.{last}") for last, name in enumerate(machines, start=11)}
    return Network({"drill": IPv4Address("10.64.7.8"), **addresses}, IPv4Address(CONTROLLER))


def sources(placement, machine):
    """What is open -> the last number of each address that is let in."""
    entries = network.incoming(machine, placement, joined(*placement.machines))
    return {one["name"]: {source.removeprefix("10.64.7.") for source in one["sources"]} for one in entries}


SPREAD = Placement({name: (name,) for name in ("store", "vault", "logs", "edge", "desk", "otp")})
TWO = Placement.parse({"main": "store edge desk otp", "safe": "vault logs"}, built=ALL)
NAMED = Placement.parse({"store": "store", "vault": "vault"})
THREE = Placement.parse({"alpha": "store", "beta": "vault", "gamma": "edge"}, built=ALL)


def test_a_network_is_read_back_as_it_was_written():
    written = joined("alpha", "beta")
    assert Network.from_json(written.as_json()) == written


def test_a_network_is_the_same_in_whatever_order_pulumi_hands_it_over():
    """Its mappings have none: an inventory that followed it would be another one at each run."""
    document = joined("alpha", "beta").as_json()
    turned = {**document, "addresses": dict(reversed(document["addresses"].items()))}
    placement = Placement.parse({"alpha": "store", "beta": "vault"})
    one, other = (Network.from_json(each) for each in (document, turned))
    assert list(one.addresses) == list(other.addresses)
    assert network.incoming("beta", placement, one) == network.incoming("beta", placement, other)


def test_the_store_hears_the_controller_and_the_vault():
    assert network.incoming("store", Placement.default(), joined("store", "vault")) == [
        {"name": "ssh", "protocol": "tcp", "port": 22, "sources": [CONTROLLER]},
        {
            "name": "store-postgresql",
            "protocol": "tcp",
            "port": 5432,
            "sources": [CONTROLLER, "10.64.7.12"],
        },
        {
            "name": "store-pgbackrest",
            "protocol": "tcp",
            "port": 8433,
            "sources": ["10.64.7.12"],
        },
    ]


def test_flows_go_by_service_and_not_by_the_machines_name():
    placement = Placement.parse({"alpha": "store", "beta": "vault"})
    assert sources(placement, "alpha") == sources(NAMED, "store")
    assert sources(placement, "beta") == sources(NAMED, "vault")


def test_a_transient_machine_is_known_before_it_comes_and_serves_only_its_maker():
    assert sources(TWO, "drill") == {"ssh": {"1"}}
    assert sources(TWO, "safe")["vault-pgbackrest"] == {"8", "11"}
    assert "8" not in sources(TWO, "safe")["vault-restic"]


def test_two_machines_with_six_services_open_what_crosses_between_them_only():
    assert sources(TWO, "main") == {
        "ssh": {"1"},
        "journal": {"12"},
        "metrics": {"12"},
        "edge-http": {ANYWHERE},
        "edge-https": {ANYWHERE},
        "store-postgresql": {"1", "12"},
        "store-pgbackrest": {"12"},
        "store-database-metrics": {"12"},
        "desk-smtp": {ANYWHERE},
    }
    assert sources(TWO, "safe") == {
        "ssh": {"1"},
        "vault-pgbackrest": {"8", "11"},
        "vault-restic": {"11"},
        "vault-tang": {"11"},
    }


def test_a_client_on_the_servers_own_machine_is_known_to_it_by_its_own_address():
    assert network.sources("store", "postgresql", TWO, joined("main", "safe")) == [
        f"{CONTROLLER}/32",
        "10.64.7.12/32",
        "10.64.7.11/32",
    ]
    assert network.sources("store", "postgresql", Placement.default(), joined("store", "vault")) == [
        f"{CONTROLLER}/32",
        "10.64.7.12/32",
    ]


def test_a_database_hears_its_own_callers_alone():
    """The desk's machine has no way into the archive, nor the controller into the desk's database."""
    of_the_archive = network.sources(
        "store", "postgresql", SPREAD, joined(*SPREAD.machines), callers=("controller", "vault")
    )
    of_the_desk = network.sources("store", "postgresql", SPREAD, joined(*SPREAD.machines), callers=("desk",))
    assert len(of_the_archive) == 2
    assert len(of_the_desk) == 1
    assert not set(of_the_archive) & set(of_the_desk)


def test_an_endpoint_that_nobody_present_may_reach_stays_closed():
    assert "vault-tang" not in sources(Placement.parse({"beta": "vault"}), "beta")
    assert sources(THREE, "gamma").keys() == {"ssh", "edge-http", "edge-https"}


def test_with_a_machine_for_each_service_every_flow_is_open_to_its_source_alone():
    assert sources(SPREAD, "store")["journal"] == {"13"}
    assert "journal" not in sources(SPREAD, "logs")
    assert sources(SPREAD, "store")["store-postgresql"] == {"1", "12", "15", "16"}
    assert sources(SPREAD, "desk")["desk-https"] == {"14"}
    assert sources(SPREAD, "vault")["vault-restic"] == {"11", "13", "14", "15", "16"}


@pytest.mark.parametrize("placement", [SPREAD, TWO, THREE], ids=["six machines", "two", "three"])
def test_only_the_public_door_and_the_mail_server_hear_the_world(placement):
    public = {
        key
        for machine in placement.machines
        for key, allowed in sources(placement, machine).items()
        if ANYWHERE in allowed
    }
    assert public <= {"edge-http", "edge-https", "desk-smtp"}


def test_machines_find_each_other_by_name_and_by_service():
    found = network.peers(TWO, joined("main", "safe"))
    assert found["safe"] == {"address": "10.64.7.12", "names": ["safe", "logs", "vault"]}
    assert found["drill"] == {"address": "10.64.7.8", "names": ["drill"]}
