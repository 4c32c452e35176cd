"""What the kit asks a Docker engine directly: its facts, its networks, a host's keys, and what a killed run left."""

import ipaddress
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import docker
from docker.errors import DockerException, NotFound
from docker.models.containers import Container

from amanat.errors import AmanatError

STACK_LABEL = "amanat.stack"
BOOT_SECONDS = 60


class EngineUnreachable(AmanatError):
    """The Docker engine does not answer."""


class HostNotBooted(AmanatError):
    """A host's container runs, but systemd or sshd in it does not come up."""


@dataclass(frozen=True)
class EngineFacts:
    """What the shape of a host container depends on."""

    cgroup_version: int
    version: str
    architecture: str


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
    finally:
        client.close()


def facts(uri: str) -> EngineFacts:
    """What the engine says of itself. Raises `EngineUnreachable`."""
    with connection(uri) as client:
        info = client.info()
        return EngineFacts(
            cgroup_version=int(info.get("CgroupVersion", "1")),
            version=str(info.get("ServerVersion", "")),
            architecture=str(info.get("Architecture", "")),
        )


def subnets(uri: str, besides: str) -> list[ipaddress.IPv4Network]:
    """IPv4 subnets of the engine's networks, but for those of the stack `besides`."""
    with connection(uri) as client:
        found = [
            config["Subnet"]
            for network in client.networks.list()
            if (network.attrs.get("Labels") or {}).get(STACK_LABEL) != besides
            for config in (network.attrs.get("IPAM", {}).get("Config") or [])
            if ":" not in config.get("Subnet", ":")
        ]
    return [ipaddress.IPv4Network(subnet, strict=False) for subnet in found]


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
    return list(client.containers.list(all=True, filters={"label": f"{STACK_LABEL}={stack_id}"}))


def states(uri: str, stack_id: str) -> dict[str, str]:
    """Container name -> what the engine says of it: running, exited, …"""
    with connection(uri) as client:
        return {str(found.name): str(found.status) for found in stack_containers(client, stack_id)}


def start_stopped(uri: str, stack_id: str) -> list[str]:
    """Start the stack's hosts that are stopped (an engine or machine that went down); their names."""
    started = []
    with connection(uri) as client:
        for container in stack_containers(client, stack_id):
            if container.status in ("exited", "paused"):
                container.unpause() if container.status == "paused" else container.start()
                started.append(str(container.name))
    return started


def sweep(uri: str, stack_id: str, known: set[str]) -> list[str]:
    """Remove the stack's containers and networks whose ids its state doesn't know: halves of a killed run.

    Volumes stay: they are found again by name, and may hold messages.
    """
    removed = []
    with connection(uri) as client:
        for container in stack_containers(client, stack_id):
            if container.id not in known:
                container.remove(force=True)
                removed.append(str(container.name))
        for network in client.networks.list(filters={"label": f"{STACK_LABEL}={stack_id}"}):
            if network.id not in known:
                network.remove()
                removed.append(str(network.name))
    return removed


def leftovers(uri: str, stack_id: str) -> dict[str, list[str]]:
    """Names of what the engine still has of a stack: containers, networks, volumes, images."""
    label = {"label": f"{STACK_LABEL}={stack_id}"}
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
    label = {"label": f"{STACK_LABEL}={stack_id}"}
    with connection(uri) as client:
        return {
            *(str(item.id) for item in stack_containers(client, stack_id)),
            *(str(item.id) for item in client.networks.list(filters=label)),
            *(str(item.name) for item in client.volumes.list(filters=label)),
        }


def remove_volume(uri: str, name: str) -> None:
    """Remove a volume; one that is gone already is no error."""
    with connection(uri) as client:
        try:
            client.volumes.get(name).remove()
        except NotFound:
            return
