"""What the engine has of a stack: listed, started and removed, by label."""

import ipaddress

import pytest

from amanat.targets.docker import resources
from amanat.targets.docker.labels import STACK_LABEL, labels
from amanat.targets.docker.resources import MachineMissing
from tests.unit.targets.docker.engine_client import ANOTHER, OWNER, STACK, Thing


def test_subnets_are_those_of_all_other_networks(client):
    client.networks.things = [
        Thing(client.log, "own", subnets=["10.1.0.0/24"]),
        Thing(client.log, "other", labels={STACK_LABEL: "other"}, subnets=["10.2.0.1/24", "fd00::/64"]),
        Thing(client.log, "bridge", labels={}, subnets=["172.17.0.0/16"]),
        Thing(client.log, "none", labels={}),
    ]
    client.networks.things[-1].attrs["IPAM"]["Config"] = [{}]
    assert resources.own_subnets("", STACK) == [ipaddress.IPv4Network("10.1.0.0/24")]
    assert resources.subnets("", besides=STACK) == [
        ipaddress.IPv4Network("10.2.0.0/24"),
        ipaddress.IPv4Network("172.17.0.0/16"),
    ]


def test_a_sweep_takes_only_the_stacks_own_strangers(client):
    client.containers.things = [
        Thing(client.log, "store"),
        Thing(client.log, "half"),
        Thing(client.log, "foreign", labels={}),
        Thing(client.log, "theirs", labels=labels(STACK, ANOTHER)),
        Thing(client.log, "unmarked", labels={STACK_LABEL: STACK}),
        Thing(client.log, "other", labels=labels(f"{STACK}0", OWNER)),
    ]
    client.networks.things = [
        Thing(client.log, "net"),
        Thing(client.log, "half-net"),
        Thing(client.log, "their-net", labels=labels(STACK, ANOTHER)),
    ]
    client.volumes.things = [Thing(client.log, "data")]
    assert resources.remove_orphans("", STACK, OWNER, {"id-store", "id-net"}) == ["half", "half-net"]
    assert client.log == [("remove", "half", {"force": True}), ("remove", "half-net", {})]


def test_a_sweep_that_knows_nothing_still_keeps_volumes(client):
    client.containers.things = [Thing(client.log, "store")]
    client.volumes.things = [Thing(client.log, "data")]
    assert resources.remove_orphans("", STACK, OWNER, set()) == ["store"]


def test_stopped_hosts_are_started_and_running_ones_left(client):
    states = ("running", "exited", "paused", "restarting")
    client.containers.things = [Thing(client.log, state, state) for state in states]
    client.containers.things.append(Thing(client.log, "foreign", "exited", labels={}))
    assert resources.start_stopped("", STACK) == ["exited", "paused"]
    assert client.log == [("start", "exited"), ("unpause", "paused")]
    assert resources.states("", STACK) == dict.fromkeys(states, "running") | {"restarting": "restarting"}


def test_what_stands_is_told_and_left_as_it_is(client):
    client.containers.things = [Thing(client.log, "store", "paused"), Thing(client.log, "x", labels={})]
    client.networks.things = [Thing(client.log, "operator")]
    client.volumes.things = [Thing(client.log, "data")]
    found = resources.resources_by_id("", STACK)
    assert [(identity, thing.name) for identity, thing in found.items()] == [
        ("id-store", "store"),
        ("id-operator", "operator"),
        ("data", "data"),
    ]
    assert found["id-store"].status == "paused"
    assert client.log == []


def test_leftovers_name_everything_of_the_stack(client):
    client.containers.things = [Thing(client.log, "store"), Thing(client.log, "foreign", labels={})]
    client.volumes.things = [Thing(client.log, "data")]
    assert resources.list_resources("", STACK) == {
        "containers": ["store"],
        "networks": [],
        "volumes": ["data"],
        "images": ["amanat/host:unit-1-x"],
    }


def test_only_the_owners_volumes_are_removed(client):
    client.volumes.things = [
        Thing(client.log, "data"),
        Thing(client.log, "theirs", labels=labels(STACK, ANOTHER)),
        Thing(client.log, "unmarked", labels={STACK_LABEL: STACK}),
    ]
    resources.remove_volumes("", STACK, OWNER)
    assert client.log == [("remove", "data", {})]


def test_a_volume_that_is_gone_is_no_error(client):
    client.volumes.things = [Thing(client.log, "data")]
    resources.remove_volume("", "data")
    resources.remove_volume("", "gone")
    assert client.log == [("remove", "data", {})]


def test_the_image_is_that_of_any_machine_there_is(client):
    with pytest.raises(MachineMissing, match="make up"):
        resources.image_id("", STACK)
    client.containers.things = [Thing(client.log, "x", labels={}), Thing(client.log, "alpha")]
    client.containers.things[1].attrs["Image"] = "sha256:1"
    assert resources.image_id("", STACK) == "sha256:1"


def test_a_machine_goes_with_its_volume_and_one_that_is_gone_is_no_error(client):
    client.containers.things = [Thing(client.log, "drill")]
    client.volumes.things = [Thing(client.log, "drill-data")]
    resources.remove_machine("", "drill", "drill-data")
    resources.remove_machine("", "gone", "gone-data")
    assert client.log == [("remove", "drill", {"force": True}), ("remove", "drill-data", {})]
