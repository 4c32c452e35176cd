"""The network: which machine has which address, and from that what a machine lets in."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any, Self

from amanat import topology
from amanat.placement import Placement
from amanat.topology import CONTROLLER, MACHINE, WORLD, Flow

ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Network:
    """Machine -> its address, transient machines included; `controller` is the source address of the kit's packets."""

    addresses: Mapping[str, IPv4Address]
    controller: IPv4Address

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """The network that `as_json` wrote down, in the order of its addresses: Pulumi's mappings have none."""
        addresses = {name: IPv4Address(text) for name, text in document["addresses"].items()}
        addresses = dict(sorted(addresses.items(), key=lambda entry: entry[1]))
        return cls(addresses, IPv4Address(document["controller"]))

    def as_json(self) -> dict[str, Any]:
        """The network as texts: {addresses: {machine: address}, controller: address}."""
        addresses = {name: str(address) for name, address in self.addresses.items()}
        return {"addresses": addresses, "controller": str(self.controller)}


def peers(placement: Placement, network: Network) -> dict[str, dict[str, Any]]:
    """Machine -> {address, names}: how machines find each other, by a machine's name and by its services'."""
    return {
        machine: {"address": str(address), "names": list(placement.names_of(machine))}
        for machine, address in network.addresses.items()
        if placement.knows(machine)
    }


def incoming(machine: str, placement: Placement, network: Network) -> list[dict[str, Any]]:
    """What may come in to a machine, one entry an endpoint: {name, protocol, port, sources: [address, …]}.

    An endpoint that nobody present may reach has no entry, so its port stays closed; nor has a flow within the
    machine, which needs none.
    """
    own = placement.services_of(machine)
    offering = (MACHINE, *own) if machine in placement.machines else own
    entries: list[dict[str, Any]] = []
    for service in offering:
        for endpoint in topology.endpoints(service):
            sources = _sources(machine, topology.flows_to(service, endpoint.name), placement, network)
            if sources:
                name = (
                    endpoint.name if endpoint in topology.MACHINE_ENDPOINTS else f"{service}-{endpoint.name}"
                )
                entry = {"name": name, "protocol": endpoint.protocol}
                entries.append({**entry, "port": endpoint.port, "sources": sources})
    return entries


def sources(
    service: str, endpoint: str, placement: Placement, network: Network, callers: Collection[str] = ()
) -> list[str]:
    """The networks from which a placed service's endpoint is reached, as CIDR, its own machine's included.

    With `callers`, by these services alone (`controller` counts as one).
    """
    machine = placement.machine_of(service)
    flows = [flow for flow in topology.flows_to(service, endpoint) if not callers or flow.source in callers]
    found = _sources(machine, iter(flows), placement, network)
    if {flow.source for flow in flows} & set(placement.services_of(machine)):
        found.append(str(network.addresses[machine]))
    return [source if "/" in source else f"{source}/32" for source in found]


def _sources(machine: str, flows: Iterator[Flow], placement: Placement, network: Network) -> list[str]:
    allowed = {flow.source for flow in flows}
    known = {CONTROLLER: str(network.controller), WORLD: ANYWHERE}
    found = [where for name, where in known.items() if name in allowed]
    for other, address in network.addresses.items():
        if other == machine or not placement.knows(other):
            continue
        if allowed & set(placement.services_of(other)) or (
            MACHINE in allowed and other in placement.machines
        ):
            found.append(str(address))
    return [ANYWHERE] if ANYWHERE in found else found
