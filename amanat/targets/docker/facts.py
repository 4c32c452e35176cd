"""What an engine is: the facts that a container's shape depends on, and which engines can't carry machines."""

import os
import platform
from dataclasses import dataclass

from amanat.targets.contract import UnsuitableTarget
from amanat.targets.docker import client

LEAST_API = (1, 41)  # Docker 20.10: a container's own cgroup namespace


class UnsuitableEngine(UnsuitableTarget):
    """An engine answers, but its containers can't be hosts of the kit."""


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


def engine_facts(uri: str) -> EngineFacts:
    """What the engine says of itself. Raises `EngineUnreachable`."""
    with client.connection(uri) as engine:
        info, version = engine.info(), engine.version()
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
