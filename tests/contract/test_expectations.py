"""The audit's expectations and the topology say the same of every port, though neither reads the other."""

import ast

import pytest

from amanat import topology
from amanat.audit.by_service import EVERY
from amanat.audit.expectations import SERVICES, expectations
from amanat.paths import PROJECT_ROOT

TABLES = [*PROJECT_ROOT.glob("policies/**/*.py"), PROJECT_ROOT / "amanat/health.py"]


def served(service):
    """What the topology has a service listen for: (name, port) -> who may call it, built or not.

    What every machine offers comes with the caller that it is for.
    """
    others = set(topology.permanent()) - {service}
    later = others - set(topology.built())
    found = {}
    for offered in (topology.MACHINE, service):
        for one in topology.endpoints(offered):
            sources = {flow.source for flow in topology.flows_to(offered, one.name)}
            if offered == service or sources - later:
                found[one.name, one.port] = others if topology.MACHINE in sources else sources
    return found


def expected(service):
    others = set(topology.permanent()) - {service}
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


@pytest.mark.parametrize("service", topology.built())
def test_nothing_is_expected_of_no_service(service):
    """A list that was forgotten would pass for proven."""
    own = expectations().services[service]
    assert own.listens or not topology.endpoints(service)
    assert all([own.always_up or own.active, own.confined, own.allowed_units])
    assert own.copied_files or not topology.SERVICES[service].stateful


def test_the_audit_knows_the_services_of_the_topology():
    assert set(SERVICES) == set(topology.permanent())


def tables_by_service(path):
    """The dictionaries written in a file whose keys name services."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Dict):
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
            if keys & set(SERVICES):
                yield f"{path.relative_to(PROJECT_ROOT)}:{node.lineno}"


def test_what_is_expected_of_a_service_is_written_in_no_second_place():
    assert [where for path in TABLES for where in tables_by_service(path)] == []
