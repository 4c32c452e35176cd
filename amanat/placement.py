"""The placement: which machine carries which services, and what may not stand together."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from amanat import topology
from amanat.errors import BadInput, listed, refuse, shown
from amanat.validators import closest_match

SETTING = "placement"
LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")  # RFC 1123; capitals are the same name, so none
RESERVED = (
    *("localhost", "ip6-localhost", "all", "ungrouped"),  # Ansible's own
    "every",  # of the audit's expectations: what every machine has
    *(topology.CONTROLLER, topology.WORLD, topology.MACHINE, *topology.transient()),
)
_TRAIL = "our reading of Article 6 clause 7-2: a machine that was taken over must not hold its own trail"
# Service -> the services that it never shares a machine with, and why.
APART: Mapping[str, Mapping[str, str]] = {
    "vault": {"store": "Article 5 clause 6-1: backups survive only on another machine"},
    "logs": dict.fromkeys(("store", "edge", "desk", "otp"), _TRAIL),
}


class BadPlacement(BadInput):
    """A placement that can't be built, or that the law forbids."""


class NotPlaced(BadInput):
    """What was asked for needs a service that the stack leaves out."""


@dataclass(frozen=True)
class Placement:
    """Machine -> the services that it carries, in the topology's order; machines in the order they were given.

    A transient service (`drill`) has a machine of its own name while it lasts: it can be asked for by name, and
    `machines` doesn't list it.
    """

    by_machine: Mapping[str, tuple[str, ...]]

    @classmethod
    def default(cls, without: Collection[str] = ()) -> Self:
        """One machine for each service that this release builds, named after it; for none of those `without`."""
        names = (name for name in topology.built() if name not in without)
        return cls(MappingProxyType({name: (name,) for name in names}))

    @classmethod
    def parse(
        cls,
        given: Mapping[str, str],
        file: str = "Pulumi.<stack>.yaml",
        built: Collection[str] | None = None,
    ) -> Self:
        """The placement in `given`: machine -> names of services, parted by blanks or commas. Empty: the default.

        `built` are the services that can be had (those of this release unless given). Raises `BadPlacement`, or
        `BadInputs` with all of them.
        """
        if not given:
            return cls.default()
        asked = {machine: tuple(re.split(r"[\s,]+", text.strip(" ,"))) for machine, text in given.items()}
        asked = {machine: tuple(filter(None, names)) for machine, names in asked.items()}
        faults = list(_faults(asked, topology.built() if built is None else built, file))
        refuse(faults, f"{len(faults)} things in {SETTING} are refused", file)
        ordered = {
            machine: tuple(name for name in topology.SERVICES if name in names)
            for machine, names in asked.items()
        }
        return cls(MappingProxyType(ordered))

    @property
    def machines(self) -> tuple[str, ...]:
        """The machines that stay."""
        return tuple(self.by_machine)

    @property
    def services(self) -> tuple[str, ...]:
        """The services that some machine carries, in the topology's order."""
        return tuple(name for name in topology.SERVICES if name in self._machine_by_service)

    def knows(self, machine: str) -> bool:
        """Whether this machine is there, or comes and goes."""
        return machine in self.by_machine or machine in topology.transient()

    def services_of(self, machine: str) -> tuple[str, ...]:
        """What a machine carries."""
        return (machine,) if machine in topology.transient() else self.by_machine[machine]

    def machine_of(self, service: str) -> str:
        """The machine that carries a service. Raises `NotPlaced` for one that this stack leaves out."""
        if service in topology.transient():
            return service
        if not self.carries(service):
            raise NotPlaced(
                f"no machine carries {service}",
                f"placement: {self.as_text()}",
                f"Place it in amanat:{SETTING} of Pulumi.<stack>.yaml, and run `make up`.",
            )
        return self._machine_by_service[service]

    def carries(self, service: str) -> bool:
        """Whether a machine that stays carries this service."""
        return service in self._machine_by_service

    def names_of(self, machine: str) -> tuple[str, ...]:
        """What others may call a machine: its name, then the services it carries."""
        return tuple(dict.fromkeys((machine, *self.services_of(machine))))

    def as_text(self) -> str:
        """The placement for people: "alpha: store, beta: vault"."""
        return ", ".join(f"{machine}: {' '.join(names)}" for machine, names in self.by_machine.items())

    @property
    def _machine_by_service(self) -> dict[str, str]:
        return {name: machine for machine, names in self.by_machine.items() for name in names}


def _faults(
    asked: Mapping[str, tuple[str, ...]], built: Collection[str], file: str
) -> Iterator[BadPlacement]:
    where = f"amanat:{SETTING} in {file}"
    for machine, names in asked.items():
        yield from _name_faults(machine, names, where)
        if not names:
            yield BadPlacement(
                f"machine {shown(machine)} carries no service", where, "Give it one, or remove it."
            )
        for name in dict.fromkeys(names):
            yield from _service_faults(name, machine, built, where)
        yield from _apart_faults(machine, names, where)
    yield from _repeated(asked, where)


def _name_faults(machine: str, names: Collection[str], where: str) -> Iterator[BadPlacement]:
    if not LABEL.fullmatch(machine):
        yield BadPlacement(
            f"{shown(machine)} is not a name of a machine",
            where,
            "Begin with a lower-case letter; letters, digits and inner hyphens may follow, 63 in all (RFC 1123).",
        )
    elif machine in RESERVED:
        yield BadPlacement(
            f"{machine} has a meaning of its own and can't name a machine", where, "Choose another name."
        )
    elif machine in topology.SERVICES and machine not in names:
        yield BadPlacement(
            f"machine {machine} is named after a service that it doesn't carry",
            where,
            f"Place {machine} on it, or choose another name.",
        )


def _service_faults(name: str, machine: str, built: Collection[str], where: str) -> Iterator[BadPlacement]:
    known = topology.permanent()
    if name in topology.transient():
        yield BadPlacement(
            f"{name} comes and goes with an operation and can't be placed on {shown(machine)}",
            where,
            "Remove it.",
        )
    elif name not in known:
        meant = closest_match(name, known)
        fix = f"Did you mean {meant}? " if meant else ""
        yield BadPlacement(
            f"{shown(name)} on {shown(machine)} is not a service", where, f"{fix}There are {listed(known)}."
        )
    elif name not in built:
        yield BadPlacement(
            f"{name} on {shown(machine)} is not built yet", where, f"This release has {listed(tuple(built))}."
        )


def _apart_faults(machine: str, names: Collection[str], where: str) -> Iterator[BadPlacement]:
    for kept, others in APART.items():
        for other, why in others.items():
            if {kept, other} <= set(names):
                yield BadPlacement(
                    f"{shown(machine)} carries {kept} beside {other} ({why})",
                    where,
                    f"Give {kept} another machine.",
                )


def _repeated(asked: Mapping[str, tuple[str, ...]], where: str) -> Iterator[BadPlacement]:
    carriers: dict[str, list[str]] = {}
    for machine, names in asked.items():
        for name in names:
            carriers.setdefault(name, []).append(machine)
    for name, machines in carriers.items():
        if len(machines) > 1:
            places = listed(tuple(dict.fromkeys(map(shown, machines))))
            yield BadPlacement(
                f"{shown(name)} is placed {len(machines)} times, on {places}", where, "Name it once."
            )
