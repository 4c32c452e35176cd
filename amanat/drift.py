"""What the engine has otherwise than the stack's state says: hosts that don't run, things gone, things nobody knows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amanat.targets.engine import Standing

RUNNING = "running"
NOT_COMPARED = "what is inside the hosts was not compared: it takes all of them, running"
_STATUS = {"exited": "stopped"}


@dataclass(frozen=True)
class EngineDrift:
    """`lines` for people; `comparable` tells whether each host runs, so that its inside can be compared."""

    lines: tuple[str, ...]
    comparable: bool


def engine_drift(resources: Sequence[Mapping[str, Any]], there: Mapping[str, Standing]) -> EngineDrift:
    """Compare the containers, networks and volumes of the state with what the engine has, by id."""
    known = {str(one["id"]): str(one["urn"]).rpartition("::")[2] for one in resources}
    kinds = {str(one["id"]): str(one["type"]).rpartition(":")[2].lower() for one in resources}
    gone = [f"{kinds[identity]} {name} is gone" for identity, name in known.items() if identity not in there]
    idle = [
        f"host {known[identity]} is {_STATUS.get(thing.status, thing.status)}"
        for identity, thing in there.items()
        if identity in known and thing.status not in ("", RUNNING)
    ]
    left = list(_left(known, there))
    return EngineDrift((*gone, *idle, *left), comparable=not gone and not idle)


def _left(known: Mapping[str, str], there: Mapping[str, Standing]) -> Iterator[str]:
    for identity, thing in there.items():
        if identity not in known:
            yield f"{thing.kind} {thing.name} is none that `make up` finished: a killed run left it"
