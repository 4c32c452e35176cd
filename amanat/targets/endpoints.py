"""The endpoints that the controller may reach on each machine: derived from the topology's flows and the placement."""

from collections.abc import Iterator, Mapping

from amanat import topology
from amanat.placement import Placement
from amanat.targets.machine import MachineSpec
from amanat.topology import CONTROLLER, FLOWS, MACHINE, WORLD

SSH = topology.SSH.name


def machine_specs(placement: Placement) -> Mapping[str, MachineSpec]:
    """What each machine of the stack is to be."""
    return {
        machine: MachineSpec(machine, dict(_reachable(placement.services_of(machine))))
        for machine in placement.machines
    }


def name_of(service: str, endpoint: str) -> str:
    """An endpoint's name among those of its machine: `ssh` is the machine's own, `store.postgresql` a service's."""
    return endpoint if service == MACHINE else f"{service}.{endpoint}"


def _reachable(services: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """The endpoints' names and ports; what is open to the world is open to the controller as well."""
    for flow in FLOWS:
        if flow.source in (CONTROLLER, WORLD) and flow.service in (MACHINE, *services):
            yield name_of(flow.service, flow.endpoint), topology.port(flow.service, flow.endpoint)
