"""The topology: six services that don't collide, flows between what is there, needs that have an order."""

from collections import Counter
from itertools import pairwise

from amanat import topology
from amanat.topology import CONTROLLER, FLOWS, MACHINE, SERVICES, WORLD


def test_there_are_six_services_and_five_are_built():
    assert set(topology.permanent()) == {"edge", "store", "vault", "desk", "otp", "logs"}
    assert topology.built() == ("logs", "edge", "store", "vault", "desk")
    assert topology.transient() == ("drill",)


def test_any_two_services_can_share_a_machine():
    ports = Counter(
        (one.protocol, one.port)
        for name in (MACHINE, *topology.permanent())
        for one in topology.endpoints(name)
    )
    assert [port for port, times in ports.items() if times > 1] == []


def test_every_flow_joins_known_services_and_an_endpoint():
    for flow in FLOWS:
        assert flow.source in {*SERVICES, CONTROLLER, WORLD, MACHINE}
        assert flow.source != flow.service
        assert flow.endpoint in {one.name for one in topology.endpoints(flow.service)}
        assert flow.why
    for one, other in pairwise(sorted((flow.source, flow.service, flow.endpoint) for flow in FLOWS)):
        assert one != other


def test_needs_name_services_and_have_an_order():
    order: list[str] = []
    while len(order) < len(SERVICES):
        ready = [name for name in SERVICES if name not in order and set(SERVICES[name].needs) <= set(order)]
        assert ready, f"a circle among {set(SERVICES) - set(order)}"
        order += ready


def test_every_endpoint_is_reached_by_somebody():
    for service in (MACHINE, *SERVICES):
        for one in topology.endpoints(service):
            assert list(topology.flows_to(service, one.name)), f"{service}: {one.name}"
