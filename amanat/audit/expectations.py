"""The audit's expectations of a machine by the services it carries, read from policies/expectations.yaml."""

from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from amanat.audit import by_service
from amanat.audit.by_service import EVERY, Block, ByService
from amanat.audit.host import Host
from amanat.requirement import ServiceName
from amanat.strict_model import StrictModel

EXPECTATIONS_PATH = Path(__file__).resolve().parents[2] / "policies" / "expectations.yaml"
SERVICES: tuple[str, ...] = get_args(ServiceName)
CONTROLLER = "controller"  # the machine that audits
WORLD = "world"  # anybody, from any address

Caller = Literal[ServiceName, "every", "controller", "world", "drill"]
COMING_AND_GOING = frozenset({CONTROLLER, WORLD, "drill"})  # callers that are let in whoever is there
Port = Annotated[int, Field(ge=1, le=65535)]
Unit = Annotated[str, Field(pattern=r"^[a-z][A-Za-z0-9@*_.:-]+$")]
# Postfix names its sockets from its own directory; which one that is, the closed world tells.
SocketPath = Annotated[str, Field(pattern=r"^(/|private/|public/)[^\s,]*$")]
AbsolutePath = Annotated[str, Field(pattern=r"^/[^\s,]*$")]


class Listening(StrictModel):
    """A port that a machine serves to others, and the services whose machines may call it."""

    name: str
    port: Port
    callers: tuple[Caller, ...]

    @model_validator(mode="after")
    def _has_callers(self) -> Self:
        if not self.callers:
            raise ValueError("callers is empty, so nobody needs the port")
        return self

    def is_open_to(self, services: Collection[str]) -> bool:
        """Whether any of these services' machines, or who is always let in, may call it."""
        return bool(COMING_AND_GOING & {*self.callers}) or any(
            caller in services or (caller == EVERY and services) for caller in self.callers
        )


class Expectations(Block):
    """What a machine is to have. Units and paths may be patterns as of a shell where the name says `allowed` or
    the key is compared as a whole: `allowed_units`, `unix_sockets`, `drop_ins`, `private_paths`, `readable_paths`.
    """

    listens: tuple[Listening, ...] = ()
    always_up: tuple[Unit, ...] = ()  # active now, and started at boot
    active: tuple[Unit, ...] = ()  # active now, since another unit starts it
    enabled: tuple[Unit, ...] = ()  # started at boot, and not itself what runs
    allowed_units: tuple[Unit, ...] = ()  # may be up beside those
    confined: tuple[
        Unit, ...
    ] = ()  # run as an account of their own, gain no rights, see the system read-only
    unix_sockets: tuple[SocketPath, ...] = ()  # sockets of the file system that may wait
    drop_ins: tuple[AbsolutePath, ...] = ()  # files that may change a unit
    file_systems: tuple[AbsolutePath, ...] = ()  # are to have room
    copied_paths: tuple[AbsolutePath, ...] = ()  # what a copy is to have been made of
    copied_files: tuple[AbsolutePath, ...] = ()  # what a copy is to hold
    private_paths: tuple[AbsolutePath, ...] = ()  # where keys, ciphers and passwords lie
    readable_paths: tuple[AbsolutePath, ...] = ()  # in there, what every account may read

    @property
    def ports(self) -> set[int]:
        """The ports that others may reach."""
        return {one.port for one in self.listens}

    @property
    def controller_ports(self) -> set[int]:
        """Of these, the ports that the machine that audits reaches."""
        return {one.port for one in self.listens if {CONTROLLER, WORLD} & {*one.callers}}

    def open_ports(self, services_elsewhere: Collection[str]) -> set[int]:
        """The ports that are open while other machines carry these services."""
        return {one.port for one in self.listens if one.is_open_to(services_elsewhere)}

    def listening(self, name: str) -> Listening:
        """The one port of this name."""
        (found,) = (one for one in self.listens if one.name == name)
        return found

    @property
    def active_units(self) -> tuple[Unit, ...]:
        """The units without which the machine isn't what it is for."""
        return (*self.always_up, *self.active)

    @property
    def units_at_boot(self) -> tuple[Unit, ...]:
        """The units that bring the machine back by itself."""
        return (*self.always_up, *self.enabled)

    @property
    def known_units(self) -> tuple[Unit, ...]:
        """The patterns of all units that may be up."""
        return (*self.always_up, *self.active, *self.enabled, *self.allowed_units)

    def __or__(self, other: Self) -> Self:
        """What a machine is to have that is expected to have both."""
        fields = type(self).model_fields
        both = {name: tuple(dict.fromkeys((*getattr(self, name), *getattr(other, name)))) for name in fields}
        return type(self).model_validate(both)


class ExpectationsFile(ByService[Expectations]):
    """The expectations by service, and those of every machine."""

    def of_host(self, host: Host) -> Expectations:
        """What an audited machine is to have, by its groups in the inventory."""
        return self.of(services_of(host))


@cache
def expectations() -> ExpectationsFile:
    """The project's expectations, read once."""
    return load(EXPECTATIONS_PATH)


def load(path: Path) -> ExpectationsFile:
    """Read a file of expectations. Raises BrokenExpectations (every fault with its line) or UnreadableFile."""
    return by_service.load(
        path, ExpectationsFile, "amanat/audit/expectations.py", "The expectations of the audit are broken."
    )


def services_of(host: Host) -> tuple[str, ...]:
    """The services that a machine carries: its groups in the inventory, or its name where that is a service's."""
    return tuple(name for name in SERVICES if host.audited.carries(name))
