"""What of each machine the controller may reach, by the topology's flows."""

import pytest

from amanat import topology
from amanat.placement import Placement
from amanat.targets.endpoints import machine_specs, name_of
from amanat.topology import MACHINE


def test_what_the_controller_may_reach_is_published():
    specs = machine_specs(Placement.parse({"alpha": "store", "beta": "vault"}))
    assert {name: dict(spec.endpoints) for name, spec in specs.items()} == {
        "alpha": {"ssh": 22, "store.postgresql": 5432},
        "beta": {"ssh": 22},
    }
    assert [spec.name for spec in specs.values()] == list(specs)


def test_what_is_open_to_the_world_is_reached_from_here_as_well():
    every = topology.permanent()
    (one,) = machine_specs(Placement({"main": every})).values()
    assert one.endpoints["edge.https"] == 443
    assert "vault.restic" not in one.endpoints
    assert len(set(one.endpoints.values())) == len(one.endpoints)


@pytest.mark.parametrize(
    ("service", "endpoint", "name"), [(MACHINE, "ssh", "ssh"), ("store", "postgresql", "store.postgresql")]
)
def test_a_services_endpoint_is_named_after_it(service, endpoint, name):
    assert name_of(service, endpoint) == name
