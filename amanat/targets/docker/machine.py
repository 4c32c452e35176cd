"""A machine as a systemd container on a Docker engine, and its SSH host key read through the engine."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_docker as docker
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

from amanat.targets.docker import console
from amanat.targets.docker.facts import EngineFacts
from amanat.targets.docker.names import container_name, volume_name
from amanat.targets.docker.sysctls import network_sysctls
from amanat.targets.endpoints import SSH
from amanat.targets.machine import Machine

LOOPBACK = "127.0.0.1"
LOOP_DEVICES = "b 7:* rmw"
CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_AUDIT_CONTROL", "CAP_SYSLOG")
TEMPORARY = {"/run": "rw,nosuid,nodev,mode=755", "/run/lock": "", "/tmp": "rw,nosuid,nodev"}  # noqa: S108 - the machine's own
DATA_DIRECTORY = "/var/lib/amanat"


@dataclass(frozen=True)
class ContainerSpec:
    """What a container is to be. `ports`: endpoint -> (port inside, port on the controller's loopback);
    `name_servers`: IPv4 addresses, the engine's own where empty.
    """

    name: str
    address: pulumi.Input[str]
    deploy_public_key: pulumi.Input[str]
    ports: Mapping[str, tuple[int, pulumi.Input[int]]] = field(default_factory=dict)
    memory_mib: int = 0
    name_servers: tuple[str, ...] = ()


class _HostIdentities(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        key = console.host_key(props["engine_uri"], props["container"])
        return CreateResult(id_=secrets.token_hex(8), outs={**props, "host_key": key})

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        changed = [key for key in ("container", "container_id") if olds.get(key) != news.get(key)]
        return DiffResult(changes=bool(changed), replaces=changed)


class HostIdentity(Resource, module="amanat", name="HostIdentity"):
    """A machine's own SSH host key, read through the engine once the machine has booted."""

    host_key: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        engine_uri: str,
        container: docker.Container,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "engine_uri": engine_uri,
            "container": container.name,
            "container_id": container.id,
            "host_key": None,
        }
        super().__init__(_HostIdentities(), name, props, opts)


class DockerMachine(Machine):
    """A Debian machine in a container: its own systemd, sshd, firewall, and a volume for what must last."""

    def __init__(
        self,
        spec: ContainerSpec,
        *,
        stack_id: str,
        labels: Mapping[str, str],
        network_name: pulumi.Input[str],
        image_id: pulumi.Input[str],
        engine_uri: str,
        engine_facts: EngineFacts,
        provider: docker.Provider,
    ) -> None:
        super().__init__("amanat:targets:DockerMachine", spec.name)
        child = pulumi.ResourceOptions(parent=self, provider=provider)
        volume = docker.Volume(
            f"{spec.name}-data",
            name=volume_name(stack_id, spec.name),
            labels=[docker.VolumeLabelArgs(label=key, value=value) for key, value in labels.items()],
            # A label can't be changed in place, and a volume made anew would be empty. Only `down` removes one.
            opts=pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(ignore_changes=["labels"], retain_on_delete=True)
            ),
        )
        container = docker.Container(
            spec.name,
            name=container_name(stack_id, spec.name),
            hostname=spec.name,
            image=image_id,
            capabilities=docker.ContainerCapabilitiesArgs(adds=list(CAPABILITIES)),
            security_opts=security_options(engine_facts),
            cgroupns_mode="private",
            device_cgroup_rules=[LOOP_DEVICES],
            devices=[docker.ContainerDeviceArgs(host_path="/dev/loop-control")],
            tmpfs=TEMPORARY,
            sysctls=network_sysctls(engine_facts),
            dns=list(spec.name_servers) or None,
            envs=systemd_environment(engine_facts),
            command=first_process(engine_facts),
            memory=spec.memory_mib or None,
            # What the engine makes of nothing, which the next run would take for a change.
            memory_swap=2 * spec.memory_mib or None,
            volumes=[docker.ContainerVolumeArgs(volume_name=volume.name, container_path=DATA_DIRECTORY)],
            networks_advanced=[
                docker.ContainerNetworksAdvancedArgs(name=network_name, ipv4_address=spec.address)
            ],
            ports=[
                docker.ContainerPortArgs(ip=LOOPBACK, internal=inside, external=outside)
                for inside, outside in spec.ports.values()
            ],
            uploads=[
                docker.ContainerUploadArgs(
                    file="/home/deploy/.ssh/authorized_keys", content=spec.deploy_public_key
                )
            ],
            labels=[docker.ContainerLabelArgs(label=key, value=value) for key, value in labels.items()],
            restart="unless-stopped",
            stop_timeout=30,
            destroy_grace_seconds=30,
            log_opts={"max-size": "10m", "max-file": "2"},
            # The first upload and the first boot must not race the engine's own health wait.
            wait=False,
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(delete_before_replace=True, ignore_changes=["image_name"]),
            ),
        )
        identity = HostIdentity(
            f"{spec.name}-identity", engine_uri, container, pulumi.ResourceOptions(parent=self)
        )
        self.ready(
            machine_id=container.id,
            host_key=identity.host_key,
            ssh_host=LOOPBACK,
            ssh_port=spec.ports[SSH][1],
            endpoints={
                name: pulumi.Output.format("{0}:{1}", LOOPBACK, outside)
                for name, (_, outside) in spec.ports.items()
            },
        )


def systemd_environment(facts: EngineFacts) -> list[str]:
    """What systemd 257 needs to boot where the engine still runs cgroup v1."""
    if facts.cgroup_version == 1:
        return ["SYSTEMD_PROC_CMDLINE=SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"]
    return []


def security_options(facts: EngineFacts) -> list[str]:
    """systemd mounts and makes namespaces; the engine's profiles for a single service forbid that."""
    own = ["label=disable"] if "selinux" in facts.security else []
    return ["seccomp=unconfined", "apparmor=unconfined", *own]


def first_process(facts: EngineFacts) -> list[str] | None:
    """What starts systemd; None for the image's own command.

    On cgroup v2 systemd needs a tree that it can write, and the engine mounts the container's read-only. In the
    container's private namespace that mount shows its own subtree and nothing above, so it is made writable there.
    """
    if facts.cgroup_version == 1:
        return None
    return ["sh", "-c", "mount -o remount,rw /sys/fs/cgroup && exec /lib/systemd/systemd"]
