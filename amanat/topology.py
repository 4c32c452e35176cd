"""The topology: the services, what each listens for, and who may connect to whom. Plain data.

Which machine carries a service is the placement's (amanat/placement.py), its address the network's
(amanat/network.py). This release builds all but the OTP service; that is here, so that ports
and flows don't move later.
"""

from collections.abc import Iterator
from dataclasses import dataclass

CONTROLLER = "controller"  # the machine that runs the kit
WORLD = "world"  # anyone, through the public door
MACHINE = "machine"  # in a flow: every machine of the stack but a transient one


@dataclass(frozen=True)
class Endpoint:
    """A listening socket. `port` is the machine's own, not the one that a target publishes on the controller."""

    name: str
    port: int
    protocol: str = "tcp"


@dataclass(frozen=True)
class Flow:
    """A permitted connection: from `source` to an endpoint of `service` (or of every `MACHINE`), and why."""

    source: str
    service: str
    endpoint: str
    why: str


@dataclass(frozen=True)
class Service:
    """A service: an inventory group, its endpoints and what it needs.

    A port belongs to one service alone, so that any two can share a machine. `needs` are the services that have to
    be there before it works, where the stack has them. A `transient` service comes and goes with an
    operation, on a machine of its own name. A `stateful` one keeps records that are nowhere else.
    """

    name: str
    purpose: str
    endpoints: tuple[Endpoint, ...]
    needs: tuple[str, ...] = ()
    built: bool = False
    transient: bool = False
    stateful: bool = False


SSH = Endpoint("ssh", 22)
JOURNAL = Endpoint("journal", 19531)
METRICS = Endpoint("metrics", 9100)
MACHINE_ENDPOINTS = (SSH, JOURNAL, METRICS)  # what every machine offers, whatever it carries

SERVICES: dict[str, Service] = {
    service.name: service
    for service in (
        Service(
            "drill",
            purpose="a scratch machine on which backups are proven by restoring them",
            endpoints=(SSH,),
            needs=("vault",),
            transient=True,
        ),
        Service(
            "logs",
            purpose="every machine's journal, whole and for the law's six months; monitoring",
            stateful=True,
            endpoints=(Endpoint("prometheus", 9090),),
            needs=("vault",),
            built=True,
        ),
        Service(
            "edge",
            purpose="the public door: the operator's site, TLS, rate limits; sees users' addresses",
            endpoints=(Endpoint("http", 80), Endpoint("https", 443)),
            needs=("desk", "otp", "logs"),
            built=True,
        ),
        Service(
            "store",
            purpose="the message archive, transactions, and the databases of desk and otp",
            stateful=True,
            endpoints=(
                Endpoint("postgresql", 5432),
                Endpoint("pgbackrest", 8433),
                Endpoint("database-metrics", 9187),
            ),
            built=True,
        ),
        Service(
            "vault",
            purpose="backups, every machine's append-only copies, anchored heads, unlock keys",
            stateful=True,
            endpoints=(
                Endpoint("pgbackrest", 8432),
                Endpoint("restic", 8000),
                Endpoint("tang", 7500),
                Endpoint("tsa", 3180),
            ),
            built=True,
        ),
        Service(
            "desk",
            purpose="questions and complaints with numbers, mail in and out",
            endpoints=(Endpoint("https", 8443), Endpoint("smtp", 25)),
            needs=("store",),
            built=True,
        ),
        Service(
            "otp",
            purpose="mobile-number verification by one-time codes",
            endpoints=(Endpoint("https", 9443),),
            needs=("store",),
        ),
    )
}

FLOWS: tuple[Flow, ...] = (
    Flow(CONTROLLER, MACHINE, "ssh", "configuration and audit"),
    Flow(CONTROLLER, "drill", "ssh", "configuration of the scratch machine"),
    Flow(CONTROLLER, "store", "postgresql", "the operator's software and auditors on the controller"),
    Flow("logs", MACHINE, "journal", "journals leave the machine that wrote them"),
    Flow("logs", MACHINE, "metrics", "the machine's health"),
    Flow("logs", "store", "database-metrics", "the database's health"),
    Flow("vault", "logs", "prometheus", "whether the monitoring still watches"),
    Flow(MACHINE, "vault", "restic", "a copy of the machine's files"),
    Flow("logs", "vault", "tsa", "time stamps of the journals' sealed days"),
    Flow("store", "vault", "tang", "the volume's unlock key lies on another machine"),
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


def permanent() -> tuple[str, ...]:
    """The services that stay, those that this release doesn't build included."""
    return tuple(name for name, service in SERVICES.items() if not service.transient)


def built() -> tuple[str, ...]:
    """The services that this release builds."""
    return tuple(name for name, service in SERVICES.items() if service.built)


def transient() -> tuple[str, ...]:
    """The services that come and go with an operation."""
    return tuple(name for name, service in SERVICES.items() if service.transient)


def endpoint(service: str, name: str) -> Endpoint:
    """The endpoint of this name that a service (or every `MACHINE`) offers."""
    return next(one for one in endpoints(service) if one.name == name)


def endpoints(service: str) -> tuple[Endpoint, ...]:
    """What a service (or every `MACHINE`) listens for."""
    return MACHINE_ENDPOINTS if service == MACHINE else SERVICES[service].endpoints


def port(service: str, name: str) -> int:
    """The port of a service's endpoint."""
    return endpoint(service, name).port


def flows_to(service: str, name: str) -> Iterator[Flow]:
    """The flows that reach an endpoint of a service (or of every `MACHINE`)."""
    return (flow for flow in FLOWS if (flow.service, flow.endpoint) == (service, name))
