"""What the engine has otherwise than the state: each of the engine's words, each kind of resource."""

import pytest

from amanat.targets import TargetDrift
from amanat.targets.docker.drift import engine_drift, missing
from amanat.targets.docker.resources import EngineResource

HOST = {"urn": "urn:pulumi:unit::amanat::amanat:Host$docker:index/container:Container::store", "id": "c1"}
NETWORK = {"urn": "urn:pulumi:unit::amanat::docker:index/network:Network::operator", "id": "n1"}
DATA = {"urn": "urn:pulumi:unit::amanat::docker:index/volume:Volume::store-data", "id": "unit-store-data"}
STATE = [
    {"urn": "urn:pulumi:unit::amanat::amanat:Keyring::keys", "type": "amanat:Keyring", "id": "k"},
    *(
        {**one, "type": f"docker:index/{kind}:{kind.capitalize()}"}
        for one, kind in ((HOST, "container"), (NETWORK, "network"), (DATA, "volume"))
    ),
]
THERE = {
    "c1": EngineResource("container", "unit-store", "running"),
    "n1": EngineResource("network", "unit-operator"),
    "unit-store-data": EngineResource("volume", "unit-store-data"),
}


def test_no_drift_where_all_is_there_and_runs():
    assert engine_drift(STATE, THERE) == TargetDrift((), comparable=True)
    assert missing(STATE, set(THERE)) == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("exited", "stopped"),
        ("paused", "paused"),
        ("created", "never started"),
        ("restarting", "restarting"),
        ("dead", "dead"),
    ],
)
def test_a_container_that_does_not_run_is_told_in_plain_words(status, words):
    there = THERE | {"c1": EngineResource("container", "unit-store", status)}
    assert engine_drift(STATE, there) == TargetDrift((f"host store is {words}",), comparable=False)


@pytest.mark.parametrize(
    ("identity", "line"),
    [
        ("c1", "container store is gone"),
        ("n1", "network operator is gone"),
        ("unit-store-data", "volume store-data is gone"),
    ],
)
def test_what_is_gone_is_told_by_its_kind(identity, line):
    there = {name: found for name, found in THERE.items() if name != identity}
    assert engine_drift(STATE, there) == TargetDrift((line,), comparable=False)
    (urn,) = missing(STATE, set(there))
    assert urn.endswith(line.split()[1])


def test_what_a_killed_run_left_is_told_by_its_name_on_the_engine():
    there = THERE | {"c9": EngineResource("container", "unit-drill", "exited")}
    line = "container unit-drill is none that `make up` finished: a killed run left it"
    assert engine_drift(STATE, there) == TargetDrift((line,), comparable=True)
