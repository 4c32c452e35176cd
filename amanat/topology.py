"""The house: which hosts there are, what they offer each other, and who may reach whom. Plain data.

This release builds the store and the vault; the others have their place, so that addresses and flows don't move
later.
"""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

CONTROLLER = "controller"  # the machine that runs the kit: it reaches hosts from the network's gateway
WORLD = "world"  # anyone, through the public door
GATEWAY_OFFSET = 1
ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Service:
    """Something a host listens for. `port` is the host's own, not the one published on the controller."""

    name: str
    port: int
    protocol: str = "tcp"


@dataclass(frozen=True)
class Flow:
    """Who may open connections to which service of a host, and why."""

    source: str
    host: str
    service: str
    why: str


@dataclass(frozen=True)
class Place:
    """A host's place: its address is the network's plus `offset`, below 15 so that a /28 holds every host.

    `needs` are the hosts that have to be there before it works; `memory_mib` is the least it runs in. A `transient`
    host comes and goes with an operation; its address and flows are always there.
    """

    name: str
    offset: int
    job: str
    services: tuple[Service, ...]
    needs: tuple[str, ...] = ()
    encrypted_volume: bool = False
    memory_mib: int = 512
    built: bool = False
    transient: bool = False


SSH = Service("ssh", 22)
METRICS = Service("metrics", 9100)

PLACES: dict[str, Place] = {
    place.name: place
    for place in (
        Place(
            "drill",
            offset=8,
            job="a scratch host on which backups are proven by restoring them",
            services=(SSH,),
            needs=("vault",),
            encrypted_volume=True,
            memory_mib=1024,
            transient=True,
        ),
        Place(
            "logs",
            offset=9,
            job="IP, transaction and access logs for the law's six months; monitoring",
            services=(SSH, Service("relp", 2514)),
            needs=("vault",),
            encrypted_volume=True,
        ),
        Place(
            "edge",
            offset=10,
            job="the public door: the operator's site, TLS, rate limits; sees users' addresses",
            services=(SSH, METRICS, Service("http", 80), Service("https", 443)),
            needs=("desk", "otp", "logs"),
        ),
        Place(
            "store",
            offset=11,
            job="the message archive, transactions, and the databases of desk and otp",
            services=(SSH, METRICS, Service("postgresql", 5432), Service("pgbackrest", 8432)),
            encrypted_volume=True,
            memory_mib=1024,
            built=True,
        ),
        Place(
            "vault",
            offset=12,
            job="backups, another host's append-only copy, anchored heads, unlock keys",
            services=(
                SSH,
                METRICS,
                Service("pgbackrest", 8432),
                Service("restic", 8000),
                Service("tang", 7500),
            ),
            built=True,
        ),
        Place(
            "desk",
            offset=13,
            job="questions and complaints with numbers, mail in and out",
            services=(SSH, METRICS, Service("https", 443), Service("smtp", 25)),
            needs=("store",),
            memory_mib=1024,
        ),
        Place(
            "otp",
            offset=14,
            job="mobile-number verification by one-time codes",
            services=(SSH, METRICS, Service("https", 443)),
            needs=("store",),
        ),
    )
}

SERVERS = tuple(name for name, place in PLACES.items() if not place.transient)

FLOWS: tuple[Flow, ...] = (
    *(Flow(CONTROLLER, name, "ssh", "configuration and audit") for name in PLACES),
    Flow(CONTROLLER, "store", "postgresql", "the operator's software and auditors on the controller"),
    *(Flow("logs", name, "metrics", "monitoring") for name in SERVERS if name != "logs"),
    *(
        Flow(name, "logs", "relp", "logs leave the host that wrote them")
        for name in SERVERS
        if name != "logs"
    ),
    *(Flow(name, "vault", "restic", "a copy of the host's files") for name in SERVERS if name != "vault"),
    Flow("store", "vault", "tang", "the volume's unlock key lies on another host"),
    Flow("store", "vault", "pgbackrest", "archived write-ahead log"),
    Flow("vault", "store", "pgbackrest", "base backups"),
    Flow("vault", "store", "postgresql", "heads of the archive's chain, to be anchored"),
    Flow("drill", "vault", "pgbackrest", "restores that prove the backups"),
    Flow("desk", "store", "postgresql", "the desk's database"),
    Flow("otp", "store", "postgresql", "the OTP service's database"),
    Flow("edge", "desk", "https", "the public support form"),
    Flow("edge", "otp", "https", "the public verification of numbers"),
    Flow(WORLD, "edge", "http", "redirection to https"),
    Flow(WORLD, "edge", "https", "the operator's site"),
    Flow(WORLD, "desk", "smtp", "customers' mail"),
)


def built() -> tuple[str, ...]:
    """The hosts that this release builds."""
    return tuple(name for name, place in PLACES.items() if place.built)


def gateway(subnet: IPv4Network) -> IPv4Address:
    """The network's gateway: the source address of what the controller sends."""
    return subnet[GATEWAY_OFFSET]


def address(host: str, subnet: IPv4Network) -> IPv4Address:
    """A host's address, the same in every run; the subnet is a /28 or larger."""
    return subnet[PLACES[host].offset]


def port(host: str, service: str) -> int:
    """The port on which a host offers a service."""
    return next(one.port for one in PLACES[host].services if one.name == service)


def peers(subnet: IPv4Network, hosts: Collection[str] = ()) -> dict[str, str]:
    """Name -> address of the hosts (those that are built unless named) and of every transient one, in their order."""
    here = {*(hosts or built()), *(name for name, place in PLACES.items() if place.transient)}
    return {name: str(address(name, subnet)) for name in PLACES if name in here}


def incoming(host: str, subnet: IPv4Network, hosts: Collection[str] = ()) -> list[dict[str, object]]:
    """What may come in to a host, one entry a service: {name, protocol, port, sources: [address, …]}.

    A service that nobody present may reach has no entry, so its port stays closed. `hosts` are those present
    (the built ones unless named).
    """
    present = peers(subnet, hosts)
    known = {CONTROLLER: str(gateway(subnet)), WORLD: ANYWHERE, **present}
    entries: list[dict[str, object]] = []
    for service in PLACES[host].services:
        allowed = {flow.source for flow in FLOWS if flow.host == host and flow.service == service.name}
        sources = [where for name, where in known.items() if name in allowed]
        if sources:
            entry = {"name": service.name, "protocol": service.protocol, "port": service.port}
            entries.append({**entry, "sources": sources})
    return entries
