"""The audit's expectations and the topology say the same of every port, though neither reads the other."""

import ast

import pytest

from amanat import topology
from amanat.audit.expectations import EVERY, SERVICES, expectations
from amanat.places import PROJECT_ROOT

HERE = {name for name, place in topology.PLACES.items() if place.built or place.transient}
TABLES = [*PROJECT_ROOT.glob("policies/**/*.py"), PROJECT_ROOT / "amanat/health.py"]


def served(service):
    """What the topology has a service listen for: (name, port) -> who of those that are built may call it."""
    callers = {one.name: set() for one in topology.PLACES[service].services}
    for flow in topology.FLOWS:
        if flow.host == service:
            callers[flow.service] |= {flow.source} & (HERE | {topology.CONTROLLER, topology.WORLD})
    ports = {one.name: one.port for one in topology.PLACES[service].services}
    return {(name, ports[name]): found for name, found in callers.items() if found}


def expected(service):
    others = set(topology.built()) - {service}
    return {
        (one.name, one.port): {
            name for caller in one.callers for name in (others if caller == EVERY else [caller])
        }
        for one in expectations().of([service]).listens
    }


@pytest.mark.parametrize("service", topology.built())
def test_a_service_listens_for_what_the_topology_says(service):
    assert expected(service) == served(service)


def test_every_service_that_is_built_has_expectations_and_no_other():
    assert set(expectations().services) == set(topology.built())


def test_the_audit_knows_the_services_of_the_topology():
    assert set(SERVICES) == {name for name, place in topology.PLACES.items() if not place.transient}


def tables_by_service(path):
    """The dictionaries written in a file whose keys name services."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Dict):
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
            if keys & set(SERVICES):
                yield f"{path.relative_to(PROJECT_ROOT)}:{node.lineno}"


def test_what_is_expected_of_a_service_is_written_in_no_second_place():
    assert [where for path in TABLES for where in tables_by_service(path)] == []
