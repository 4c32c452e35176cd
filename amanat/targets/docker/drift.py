"""Drift at the engine: machines that don't run, resources of the state that are gone, and such that nobody knows."""

from collections.abc import Iterator, Mapping, Sequence

from amanat.targets.contract import NEVER_STARTED, PAUSED, RUNNING, STOPPED, Resource, TargetDrift
from amanat.targets.docker.resources import EngineResource

# Pulumi's types of what carries the stack's labels on the engine; an id of theirs is looked for there.
LABELLED = {f"docker:index/{kind}:{kind.capitalize()}" for kind in ("container", "network", "volume")}
# The engine's words for a container's state -> the contract's.
STATES = {"running": RUNNING, "exited": STOPPED, "paused": PAUSED, "created": NEVER_STARTED}


def state_of(status: str) -> str:
    """A machine's state by its container's status; one without a plain word keeps the engine's."""
    return STATES.get(status, status)


def missing(resources: Sequence[Resource], existing_ids: set[str]) -> list[str]:
    """The URNs of labelled resources that the engine doesn't have."""
    return [str(one["urn"]) for one in _labelled(resources) if str(one["id"]) not in existing_ids]


def engine_drift(resources: Sequence[Resource], there: Mapping[str, EngineResource]) -> TargetDrift:
    """Compare the containers, networks and volumes of the state with what the engine has, by id."""
    labelled = _labelled(resources)
    known = {str(one["id"]): str(one["urn"]).rpartition("::")[2] for one in labelled}
    kinds = {str(one["id"]): str(one["type"]).rpartition(":")[2].lower() for one in labelled}
    gone = [f"{kinds[identity]} {name} is gone" for identity, name in known.items() if identity not in there]
    idle = [
        f"host {known[identity]} is {state_of(found.status)}"
        for identity, found in there.items()
        if identity in known and found.status and state_of(found.status) != RUNNING
    ]
    orphans = list(_orphans(known, there))
    return TargetDrift((*gone, *idle, *orphans), comparable=not gone and not idle)


def _labelled(resources: Sequence[Resource]) -> list[Resource]:
    return [one for one in resources if one.get("type") in LABELLED]


def _orphans(known: Mapping[str, str], there: Mapping[str, EngineResource]) -> Iterator[str]:
    for identity, found in there.items():
        if identity not in known:
            yield f"{found.kind} {found.name} is none that `make up` finished: a killed run left it"
