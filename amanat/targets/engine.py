"""What the kit asks a Docker engine directly: its facts, its networks, a host's keys, and what a killed run left."""

import ipaddress
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import docker
from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container
from docker.models.resource import Model

from amanat.errors import AmanatError, BadInput
from amanat.owner import described

STACK_LABEL = "amanat.stack"
OWNER_LABEL = "amanat.owner"
LEAST_API = (1, 41)  # Docker 20.10: a container's own cgroup namespace
BOOT_SECONDS = 60


class EngineUnreachable(AmanatError):
    """The Docker engine does not answer."""


class EngineRefused(AmanatError):
    """The engine answers, and does not do what it was asked."""


class UnsuitableEngine(BadInput):
    """An engine answers, but its containers can't be hosts of the kit."""


class AnotherOwner(BadInput):
    """What the engine has of the stack was made from another AMANAT_HOME, by another user perhaps."""


class HostNotBooted(AmanatError):
    """A host's container runs, but systemd or sshd in it does not come up."""


@dataclass(frozen=True)
class EngineFacts:
    """What the shape of a host container depends on."""

    cgroup_version: int
    version: str
    architecture: str
    api_version: str = ""
    product: str = "Docker"  # Podman answers on Docker's API as well
    system: str = "linux"
    security: tuple[str, ...] = ()  # `rootless`, `userns`, …
    kernel: str = ""  # its release, as uname(1) names it


@contextmanager
def connection(uri: str) -> Iterator[docker.DockerClient]:
    """A client of the engine at `uri` ("" = the environment's).

    Raises `EngineUnreachable`.
    """
    try:
        client = docker.DockerClient(base_url=uri, timeout=120) if uri else docker.from_env(timeout=120)
        client.ping()
    except (DockerException, OSError) as error:
        raise EngineUnreachable(
            what=f"no Docker engine answers: {str(error)[:200]}",
            where=uri or "the default engine",
            fix="Start it (`make up` as root does so on Debian and Ubuntu), or set amanat:engine.",
        ) from error
    try:
        yield client
    except APIError as error:
        raise EngineRefused(
            what=f"the Docker engine refuses: {str(error.explanation or error)[:300]}",
            where=uri or "the default engine",
            fix="See what it says, and run the same command again; what is done is kept.",
        ) from error
    finally:
        client.close()


def facts(uri: str) -> EngineFacts:
    """What the engine says of itself. Raises `EngineUnreachable`."""
    with connection(uri) as client:
        info, version = client.info(), client.version()
    parts = [str(part.get("Name", "")) for part in version.get("Components") or []]
    options = [str(option) for option in info.get("SecurityOptions") or []]
    return EngineFacts(
        cgroup_version=int(info.get("CgroupVersion", "1")),
        version=str(info.get("ServerVersion", "")),
        architecture=str(info.get("Architecture", "")),
        api_version=str(version.get("ApiVersion", "")),
        product="Podman" if any("podman" in part.lower() for part in parts) else "Docker",
        system=str(info.get("OSType") or "linux"),
        kernel=str(info.get("KernelVersion", "")),
        security=tuple(option.removeprefix("name=").split(",")[0] for option in options),
    )


def require_suitable(facts: EngineFacts, uri: str, controller: str = "") -> None:
    """Raise `UnsuitableEngine` for an engine whose containers can't be the kit's hosts.

    `controller`: this machine's processor, as uname(1) names it; "" = asked for.
    """
    if found := _unsuitable(facts, controller or platform.machine()):
        what, fix = found
        raise UnsuitableEngine(what, uri or os.environ.get("DOCKER_HOST") or "the default engine", fix)


def _unsuitable(facts: EngineFacts, controller: str) -> tuple[str, str] | None:
    """What is wrong and what to do, or None."""
    other = "Use a Docker Engine that runs as root on this machine: set amanat:engine or DOCKER_HOST to its socket."
    if facts.product == "Podman":
        return "Podman answers at this address, and hosts are made for the Docker Engine only", other
    if facts.system != "linux":
        return f"this engine runs {facts.system} containers", other
    if "rootless" in facts.security:
        return (
            "this engine is rootless, so its containers get no loop devices for the encrypted volume",
            other,
        )
    if "userns" in facts.security:
        fix = "Remove userns-remap from the engine's daemon.json and restart it, or use another engine."
        return (
            "this engine maps its containers' users (userns-remap), so root in a host may mount nothing",
            fix,
        )
    if _release(facts.api_version) < LEAST_API:
        fix = "Update it to 20.10 or newer."
        return (
            f"this Docker Engine ({facts.version or 'of no version'}) is too old for private cgroup namespaces",
            fix,
        )
    if _processor(facts.architecture) != _processor(controller):
        fix = "Run the kit on a machine of the engine's kind, best on the engine's own."
        return (
            f"this engine's processor is {facts.architecture or 'unknown'}, this machine's is {controller}",
            fix,
        )
    return None


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _processor(name: str) -> str:
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(name.lower(), name.lower())


def subnets(uri: str, besides: str) -> list[ipaddress.IPv4Network]:
    """IPv4 subnets of the engine's networks, but for those of the stack `besides`."""
    return [subnet for stack_id, subnet in _subnets(uri) if stack_id != besides]


def own_subnets(uri: str, stack_id: str) -> list[ipaddress.IPv4Network]:
    """IPv4 subnets of the stack's own networks."""
    return [subnet for owner, subnet in _subnets(uri) if owner == stack_id]


def _subnets(uri: str) -> list[tuple[str, ipaddress.IPv4Network]]:
    """Each IPv4 subnet of the engine with the id of the stack whose it is ("" for none)."""
    with connection(uri) as client:
        return [
            (
                (network.attrs.get("Labels") or {}).get(STACK_LABEL, ""),
                ipaddress.IPv4Network(config["Subnet"], strict=False),
            )
            for network in client.networks.list()
            for config in (network.attrs.get("IPAM", {}).get("Config") or [])
            if ":" not in config.get("Subnet", ":")
        ]


def host_key(uri: str, container: str) -> str:
    """The Ed25519 host key of a booted host, read through the engine, so that the first SSH connection is pinned.

    Raises `HostNotBooted` when sshd has none after a minute.
    """
    script = "systemctl is-active --quiet ssh && cat /etc/ssh/ssh_host_ed25519_key.pub"
    with connection(uri) as client:
        host = client.containers.get(container)
        # A booting systemd ends strangers in its cgroup, so each try is a fresh one.
        deadline = time.monotonic() + BOOT_SECONDS
        code, output = _exec(host, script)
        while code != 0 and time.monotonic() < deadline:
            time.sleep(0.5)
            code, output = _exec(host, script)
    words = output.split()
    if code != 0 or len(words) < 2 or words[0] != "ssh-ed25519":
        raise HostNotBooted(
            what=f"sshd did not start within {BOOT_SECONDS} s",
            where=f"container {container}",
            fix=f"See `docker logs {container}` and `docker exec {container} journalctl -b`.",
        )
    return " ".join(words[:2])


def run_as_root(uri: str, container: str, script: str) -> tuple[int, str]:
    """Run a shell script as root in a host through the engine; its exit status and its output."""
    with connection(uri) as client:
        return _exec(client.containers.get(container), script)


def _exec(host: Container, script: str) -> tuple[int, str]:
    code, output = host.exec_run(["sh", "-c", script])
    text = output if isinstance(output, bytes) else b"".join(output)
    return int(code or 0), text.decode(errors="replace")


def stack_containers(client: docker.DockerClient, stack_id: str) -> list[Container]:
    """Every container that carries the stack's label."""
    return list(client.containers.list(all=True, filters=_of(stack_id), ignore_removed=True))


def states(uri: str, stack_id: str) -> dict[str, str]:
    """Container name -> what the engine says of it: running, exited, …"""
    with connection(uri) as client:
        return {str(found.name): str(found.status) for found in stack_containers(client, stack_id)}


@dataclass(frozen=True)
class Standing:
    """What the engine has of a stack: a container, network or volume, and a container's status ("" for the others)."""

    kind: str
    name: str
    status: str = ""


def standing(uri: str, stack_id: str) -> dict[str, Standing]:
    """All that the engine has of the stack, by the ids that Pulumi gives them. Asks, and changes nothing."""
    with connection(uri) as client:
        return {
            identity: Standing(
                type(thing).__name__.lower(),
                str(getattr(thing, "name", "")),
                str(getattr(thing, "status", "")),
            )
            for identity, thing in _things(client, stack_id).items()
        }


def start_stopped(uri: str, stack_id: str) -> list[str]:
    """Start the stack's hosts that are stopped (an engine or machine that went down); their names."""
    started = []
    with connection(uri) as client:
        for container in stack_containers(client, stack_id):
            if container.status in ("exited", "paused"):
                container.unpause() if container.status == "paused" else container.start()
                started.append(str(container.name))
    return started


def _things(client: docker.DockerClient, stack_id: str) -> dict[str, Model]:
    """The stack's containers and networks by id, its volumes by name, as Pulumi calls them."""
    return {
        **{str(item.id): item for item in stack_containers(client, stack_id)},
        **{str(item.id): item for item in client.networks.list(filters=_of(stack_id))},
        **{str(item.name): item for item in client.volumes.list(filters=_of(stack_id))},
    }


def _of(stack_id: str) -> dict[str, str | list[str] | bool]:
    """A filter of the engine's lists."""
    return {"label": f"{STACK_LABEL}={stack_id}"}


def labels(stack_id: str, owner: str) -> dict[str, str]:
    """What everything that is made for a stack is marked with."""
    return {STACK_LABEL: stack_id, OWNER_LABEL: owner}


def refuse_another_owner(
    uri: str, stack_id: str, owner: str, known: Callable[[], set[str]] | None = None
) -> None:
    """Raise `AnotherOwner` if anything of the stack was made from another AMANAT_HOME.

    What carries no owner, made before there were any, is ours if our state knows it: `known` gives what that knows, as
    Pulumi calls it (see `present`), and is asked only then. Without `known` such things are passed over.
    """
    with connection(uri) as client:
        owners = {identity: owner_of(thing) for identity, thing in _things(client, stack_id).items()}
    strangers = {name for name in owners.values() if name not in ("", owner)}
    unmarked = {identity for identity, name in owners.items() if not name}
    if not strangers and (known is None or not unmarked or unmarked <= known()):
        return
    whose = (
        described(min(strangers))
        if strangers
        else "somebody whose state is not here (made before owners were noted)"
    )
    raise AnotherOwner(
        what=f"stack {stack_id} belongs to {whose}",
        where="the Docker engine",
        fix="Work as that user with that AMANAT_HOME, or use a checkout of your own: `git clone` it elsewhere. If that"
        " home is lost for good, so are its keys: remove what is left by"
        f" `docker ps -a --filter label={STACK_LABEL}={stack_id}`, likewise networks and volumes.",
    )


def owner_of(thing: Model) -> str:
    """The owner that a container, network or volume is marked with; "" for none (made before there were marks)."""
    attributes = thing.attrs
    marks = attributes.get("Labels") or attributes.get("Config", {}).get("Labels") or {}
    return str(marks.get(OWNER_LABEL, ""))


def sweep(uri: str, stack_id: str, owner: str, known: set[str]) -> list[str]:
    """Remove the stack's containers and networks whose ids its state doesn't know: halves of a killed run.

    Only what carries the owner's mark goes. Volumes stay: they are found again by name, and may hold messages.
    """
    removed = []
    with connection(uri) as client:
        for container in stack_containers(client, stack_id):
            if container.id not in known and owner_of(container) == owner:
                container.remove(force=True)
                removed.append(str(container.name))
        for network in client.networks.list(filters=_of(stack_id)):
            if network.id not in known and owner_of(network) == owner:
                network.remove()
                removed.append(str(network.name))
    return removed


def leftovers(uri: str, stack_id: str) -> dict[str, list[str]]:
    """Names of what the engine still has of a stack: containers, networks, volumes, images."""
    label = _of(stack_id)
    with connection(uri) as client:
        return {
            "containers": [str(item.name) for item in stack_containers(client, stack_id)],
            "networks": [str(item.name) for item in client.networks.list(filters=label)],
            "volumes": [str(item.name) for item in client.volumes.list(filters=label)],
            "images": [tag for item in client.images.list(filters=label) for tag in item.tags],
        }


def image_id(uri: str, container: str) -> str:
    """The image a container was made from. Raises `HostNotBooted` when there is no such container."""
    with connection(uri) as client:
        try:
            return str(client.containers.get(container).attrs["Image"])
        except NotFound as error:
            raise HostNotBooted(
                what="the host isn't there", where=f"container {container}", fix="Run `make up` first."
            ) from error


def remove_host(uri: str, container: str, volume: str) -> None:
    """Remove a host's container and its volume; what is gone already is no error."""
    with connection(uri) as client, suppress(NotFound):
        client.containers.get(container).remove(force=True)
    remove_volume(uri, volume)


def present(uri: str, stack_id: str) -> set[str]:
    """The stack's containers and networks by id, its volumes by name, as Pulumi calls them, if they are there."""
    with connection(uri) as client:
        return set(_things(client, stack_id))


def remove_volumes(uri: str, stack_id: str, owner: str) -> None:
    """Remove the stack's volumes, with the messages in them, if they carry the owner's mark."""
    with connection(uri) as client:
        volumes = client.volumes.list(filters=_of(stack_id))
        for name in [str(volume.name) for volume in volumes if owner_of(volume) == owner]:
            remove_volume(uri, name)


def remove_volume(uri: str, name: str) -> None:
    """Remove a volume; one that is gone already is no error."""
    with connection(uri) as client:
        try:
            client.volumes.get(name).remove()
        except NotFound:
            return
