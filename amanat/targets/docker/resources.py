"""The stack's containers, networks and volumes on the engine: listed, started, removed. Each by its labels."""

import ipaddress
from contextlib import suppress
from dataclasses import dataclass

import docker
from docker.errors import NotFound
from docker.models.containers import Container
from docker.models.resource import Model

from amanat.errors import AmanatError
from amanat.targets.docker import client
from amanat.targets.docker.labels import STACK_LABEL, owner_of, stack_filter


class MachineMissing(AmanatError):
    """The engine has no container of the stack."""


@dataclass(frozen=True)
class EngineResource:
    """What the engine has of a stack: a container, network or volume, and a container's status ("" for the others)."""

    kind: str
    name: str
    status: str = ""


def resources_by_id(uri: str, stack_id: str) -> dict[str, EngineResource]:
    """All that the engine has of the stack, by the ids that Pulumi gives them. Asks, and changes nothing."""
    with client.connection(uri) as engine:
        return {
            identity: EngineResource(
                type(model).__name__.lower(),
                str(getattr(model, "name", "")),
                str(getattr(model, "status", "")),
            )
            for identity, model in _models(engine, stack_id).items()
        }


def owners_by_id(uri: str, stack_id: str) -> dict[str, str]:
    """The owner that each of the stack's resources is labelled with, "" for none, by the ids that Pulumi gives them."""
    with client.connection(uri) as engine:
        return {identity: owner_of(model) for identity, model in _models(engine, stack_id).items()}


def existing_ids(uri: str, stack_id: str) -> set[str]:
    """The stack's containers and networks by id, its volumes by name, as Pulumi calls them, if they are there."""
    with client.connection(uri) as engine:
        return set(_models(engine, stack_id))


def states(uri: str, stack_id: str) -> dict[str, str]:
    """Container name -> what the engine says of it: running, exited, …"""
    with client.connection(uri) as engine:
        return {str(found.name): str(found.status) for found in stack_containers(engine, stack_id)}


def start_stopped(uri: str, stack_id: str) -> list[str]:
    """Start the stack's machines that are stopped (an engine or machine that went down); their names."""
    started = []
    with client.connection(uri) as engine:
        for container in stack_containers(engine, stack_id):
            if container.status in ("exited", "paused"):
                container.unpause() if container.status == "paused" else container.start()
                started.append(str(container.name))
    return started


def remove_orphans(uri: str, stack_id: str, owner: str, known: set[str]) -> list[str]:
    """Remove the stack's containers and networks whose ids its state doesn't know: halves of a killed run.

    Only what carries the owner's label goes. Volumes stay: they are found again by name, and may hold messages.
    """
    removed = []
    with client.connection(uri) as engine:
        for container in stack_containers(engine, stack_id):
            if container.id not in known and owner_of(container) == owner:
                container.remove(force=True)
                removed.append(str(container.name))
        for network in engine.networks.list(filters=stack_filter(stack_id)):
            if network.id not in known and owner_of(network) == owner:
                network.remove()
                removed.append(str(network.name))
    return removed


def list_resources(uri: str, stack_id: str) -> dict[str, list[str]]:
    """Names of what the engine still has of a stack: containers, networks, volumes, images."""
    label = stack_filter(stack_id)
    with client.connection(uri) as engine:
        return {
            "containers": [str(item.name) for item in stack_containers(engine, stack_id)],
            "networks": [str(item.name) for item in engine.networks.list(filters=label)],
            "volumes": [str(item.name) for item in engine.volumes.list(filters=label)],
            "images": [tag for item in engine.images.list(filters=label) for tag in item.tags],
        }


def image_id(uri: str, stack_id: str) -> str:
    """The image that the stack's machines were made from. Raises `MachineMissing` when there is none."""
    with client.connection(uri) as engine:
        for container in stack_containers(engine, stack_id):
            return str(container.attrs["Image"])
    raise MachineMissing(
        "the stack has no machine", f"stack {stack_id} on the engine", "Run `make up` first."
    )


def remove_machine(uri: str, container: str, volume: str) -> None:
    """Remove a machine's container and its volume; what is gone already is no error."""
    with client.connection(uri) as engine, suppress(NotFound):
        engine.containers.get(container).remove(force=True)
    remove_volume(uri, volume)


def remove_volumes(uri: str, stack_id: str, owner: str) -> None:
    """Remove the stack's volumes, with the messages in them, if they carry the owner's label."""
    with client.connection(uri) as engine:
        volumes = engine.volumes.list(filters=stack_filter(stack_id))
        for name in [str(volume.name) for volume in volumes if owner_of(volume) == owner]:
            remove_volume(uri, name)


def remove_volume(uri: str, name: str) -> None:
    """Remove a volume; one that is gone already is no error."""
    with client.connection(uri) as engine:
        try:
            engine.volumes.get(name).remove()
        except NotFound:
            return


def subnets(uri: str, besides: str) -> list[ipaddress.IPv4Network]:
    """IPv4 subnets of the engine's networks, but for those of the stack `besides`."""
    return [subnet for stack_id, subnet in _subnets(uri) if stack_id != besides]


def own_subnets(uri: str, stack_id: str) -> list[ipaddress.IPv4Network]:
    """IPv4 subnets of the stack's own networks."""
    return [subnet for owner, subnet in _subnets(uri) if owner == stack_id]


def _subnets(uri: str) -> list[tuple[str, ipaddress.IPv4Network]]:
    """Each IPv4 subnet of the engine with the id of the stack whose it is ("" for none)."""
    with client.connection(uri) as engine:
        return [
            (
                (network.attrs.get("Labels") or {}).get(STACK_LABEL, ""),
                ipaddress.IPv4Network(config["Subnet"], strict=False),
            )
            for network in engine.networks.list()
            for config in (network.attrs.get("IPAM", {}).get("Config") or [])
            if ":" not in config.get("Subnet", ":")
        ]


def stack_containers(engine: docker.DockerClient, stack_id: str) -> list[Container]:
    """Every container that carries the stack's label."""
    return list(engine.containers.list(all=True, filters=stack_filter(stack_id), ignore_removed=True))


def _models(engine: docker.DockerClient, stack_id: str) -> dict[str, Model]:
    """The stack's containers and networks by id, its volumes by name, as Pulumi calls them."""
    return {
        **{str(item.id): item for item in stack_containers(engine, stack_id)},
        **{str(item.id): item for item in engine.networks.list(filters=stack_filter(stack_id))},
        **{str(item.name): item for item in engine.volumes.list(filters=stack_filter(stack_id))},
    }
