"""The subnet, addresses and ports of a stack: chosen once when they are first needed, then kept in its state."""

import hashlib
import ipaddress
import secrets
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from amanat.errors import AmanatError, listed
from amanat.targets.docker import resources
from amanat.targets.docker.routes import machine_networks

FIRST_PORT, PORT_COUNT = 20000, 12000
SUBNET_PREFIX = 24
# The second ones for machines whose VPN or office has all of 10.0.0.0/8.
RANGES = [ipaddress.IPv4Network(text) for text in ("10.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")]


class NothingFree(AmanatError):
    """A port or subnet that was asked for is taken, or none is left."""


class _Allocations(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(id_=secrets.token_hex(8), outs=self._allocate(props, kept={}))

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(outs=self._allocate(news, kept=olds))

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        wanted = ("asked_subnet", "asked_ports", "machines")
        changed = [key for key in wanted if olds.get(key) != news.get(key)]
        return DiffResult(changes=bool(changed), replaces=[])

    def _allocate(self, props: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
        asked_ports = {name: int(port) for name, port in props["asked_ports"].items()}
        kept_ports = {name: int(port) for name, port in kept.get("ports", {}).items()}
        keep_subnet = kept.get("asked_subnet") == props["asked_subnet"]
        subnet = kept["subnet"] if keep_subnet else choose_subnet(props)
        kept_addresses = kept["addresses"] if keep_subnet else {}
        return {
            **props,
            "subnet": subnet,
            "controller": str(gateway(subnet)),
            "addresses": choose_addresses(props["machines"], kept_addresses, subnet),
            "ports": choose_ports(asked_ports, kept_ports, props["stack_id"], props["settings"]),
        }


class Allocation(Resource, module="amanat", name="Allocation"):
    """A subnet no other network of the engine has, an address in it for each machine, and free loopback ports.

    `asked_ports`: name -> port (0: any); `settings`: which setting asks for it, by the same name, for complaints.
    """

    subnet: pulumi.Output[str]
    controller: pulumi.Output[str]
    addresses: pulumi.Output[dict[str, str]]
    ports: pulumi.Output[dict[str, int]]

    def __init__(
        self,
        name: str,
        *,
        stack_id: str,
        engine_uri: str,
        machines: Sequence[str],
        asked_subnet: str,
        asked_ports: Mapping[str, int],
        settings: Mapping[str, str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "stack_id": stack_id,
            "engine_uri": engine_uri,
            "machines": list(machines),
            "asked_subnet": asked_subnet,
            "asked_ports": dict(asked_ports),
            "settings": dict(settings),
            "subnet": None,
            "controller": None,
            "addresses": None,
            "ports": None,
        }
        super().__init__(_Allocations(), name, props, opts)


def gateway(subnet: str) -> ipaddress.IPv4Address:
    """The source address of what the controller sends: the engine gives the first one to its bridge."""
    return next(ipaddress.IPv4Network(subnet).hosts())


def choose_addresses(machines: Sequence[str], kept: Mapping[str, str], subnet: str) -> dict[str, str]:
    """An address for each machine: the one it had, or the first free one of the subnet.

    One that a machine which is gone had is taken last: its container may still have it while the new one is made.
    Raises `NothingFree`.
    """
    chosen = {name: kept[name] for name in machines if name in kept}
    all_of_subnet = [str(address) for address in ipaddress.IPv4Network(subnet).hosts()][1:]
    free = [address for address in all_of_subnet if address not in kept.values()]
    free += [address for name, address in kept.items() if name not in machines]
    missing = [name for name in machines if name not in kept]
    if len(missing) > len(free):
        raise NothingFree(
            what=f"network_subnet = {subnet} has {len(all_of_subnet)} addresses for {len(machines)} machines",
            where="amanat:network_subnet",
            fix="Choose a larger private subnet, or leave it empty to have a free one chosen.",
        )
    return {**chosen, **dict(zip(missing, free, strict=False))}


def choose_subnet(props: dict[str, Any]) -> str:
    """The subnet asked for, or one derived from the stack's id that overlaps none of the engine or the machine.

    Raises `NothingFree` when the one asked for overlaps another network.
    """
    of_engine = resources.subnets(props["engine_uri"], besides=props["stack_id"])
    own = resources.own_subnets(props["engine_uri"], props["stack_id"])
    of_machine = [network for network in machine_networks() if network not in (*of_engine, *own)]
    if props["asked_subnet"]:
        asked = ipaddress.IPv4Network(props["asked_subnet"])
        _refuse_clash(asked, of_engine, "another network of this Docker engine")
        _refuse_clash(
            asked, of_machine, "which this machine already has a route to (`ip route show table all`)"
        )
        return str(asked)
    free = next(_free_subnets([*of_engine, *of_machine], props["stack_id"]), None)
    if free is None:
        raise NothingFree(
            what=f"no free subnet is left in {listed([str(each) for each in RANGES])}",
            where="the Docker engine's networks and this machine's routes",
            fix="Remove unused networks with `docker network prune`, or set amanat:network_subnet.",
        )
    return str(free)


def _refuse_clash(asked: ipaddress.IPv4Network, taken: Sequence[ipaddress.IPv4Network], what: str) -> None:
    clash = next((net for net in taken if net.overlaps(asked)), None)
    if clash is not None:
        raise NothingFree(
            what=f"network_subnet = {asked} overlaps {clash}, {what}",
            where="amanat:network_subnet",
            fix="Choose another private subnet, or leave it empty to have a free one chosen.",
        )


def _free_subnets(taken: Sequence[ipaddress.IPv4Network], seed: str) -> Iterator[ipaddress.IPv4Network]:
    """Subnets that overlap none of those, each range from where the seed says."""
    for whole in RANGES:
        subnets = list(whole.subnets(new_prefix=SUBNET_PREFIX))
        start = _seed(seed) % len(subnets)
        for subnet in subnets[start:] + subnets[:start]:
            if not any(subnet.overlaps(other) for other in taken):
                yield subnet


def choose_ports(
    asked: Mapping[str, int], kept: Mapping[str, int], seed: str, settings: Mapping[str, str]
) -> dict[str, int]:
    """A port for each name: the one asked for (0 = any), the one it had, or one that is free.

    Raises `NothingFree` when one that was asked for is in use.
    """
    chosen: dict[str, int] = {}
    spoken_for = {*asked.values(), *kept.values()}  # a machine that is stopped listens on none of its own
    for name, port in sorted(asked.items()):
        if name in kept and port in (0, kept[name]):
            chosen[name] = kept[name]
        elif port:
            chosen[name] = _free_or_refuse(settings[name], port)
        else:
            chosen[name] = _any_free(f"{seed}/{name}", besides=spoken_for | set(chosen.values()))
    return chosen


def _free_or_refuse(setting: str, port: int) -> int:
    if not is_free(port):
        raise NothingFree(
            what=f"{setting} = {port} is in use on 127.0.0.1",
            where=f"amanat:{setting}",
            fix=f"Stop what listens there (`ss -ltnp 'sport = :{port}'`), or set amanat:{setting} to 0.",
        )
    return port


def _any_free(seed: str, besides: set[int]) -> int:
    start = _seed(seed) % PORT_COUNT
    for step in range(PORT_COUNT):
        port = FIRST_PORT + (start + step) % PORT_COUNT
        if port not in besides and is_free(port):
            return port
    raise NothingFree(
        what=f"no free port between {FIRST_PORT} and {FIRST_PORT + PORT_COUNT - 1} on 127.0.0.1",
        where="this machine",
        fix="Stop what listens on them.",
    )


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _seed(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
