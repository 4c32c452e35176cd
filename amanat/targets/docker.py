"""Hosts as systemd containers on a Docker engine. Nothing outside this module and its siblings knows of Docker."""

import secrets
from collections.abc import Collection, Mapping
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pulumi_docker as docker
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

from amanat import topology
from amanat.allocation import Allocation
from amanat.keyring import Keyring
from amanat.network import Network
from amanat.owner import owner
from amanat.placement import Placement
from amanat.places import Places
from amanat.settings import Settings
from amanat.setup.mirrors import Mirrors
from amanat.targets import engine
from amanat.targets.engine import EngineFacts
from amanat.targets.host import Host, HostSpec
from amanat.targets.image import HostImage
from amanat.targets.sysctls import network_sysctls

LOOPBACK = "127.0.0.1"
GATEWAY_OFFSET = 1  # the source address of what the controller sends
LOOP_DEVICES = "b 7:* rmw"
CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_AUDIT_CONTROL", "CAP_SYSLOG")
TEMPORARY = {"/run": "rw,nosuid,nodev,mode=755", "/run/lock": "", "/tmp": "rw,nosuid,nodev"}  # noqa: S108 - the host's own
DATA_DIRECTORY = "/var/lib/amanat"


class _HostIdentities(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        key = engine.host_key(props["engine_uri"], props["container"])
        return CreateResult(id_=secrets.token_hex(8), outs={**props, "host_key": key})

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        changed = [key for key in ("container", "container_id") if olds.get(key) != news.get(key)]
        return DiffResult(changes=bool(changed), replaces=changed)


class HostIdentity(Resource, module="amanat", name="HostIdentity"):
    """A host's own SSH key, read through the engine once the host has booted."""

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


class DockerNetwork(pulumi.ComponentResource):
    """The stack's own bridge network. Containers on it reach each other; the firewall of each decides what for."""

    def __init__(
        self,
        name: str,
        *,
        stack_id: str,
        labels: Mapping[str, str],
        subnet: pulumi.Input[str],
        provider: docker.Provider,
    ) -> None:
        super().__init__("amanat:targets:DockerNetwork", name)
        self.network = docker.Network(
            f"{name}-network",
            name=f"{stack_id}-{name}",
            driver="bridge",
            ipam_configs=[docker.NetworkIpamConfigArgs(subnet=subnet)],
            labels=[docker.NetworkLabelArgs(label=key, value=value) for key, value in labels.items()],
            opts=pulumi.ResourceOptions(parent=self, provider=provider, delete_before_replace=True),
        )
        self.register_outputs({"name": self.network.name})


class DockerHost(Host):
    """A Debian host in a container: its own systemd, sshd, firewall, and a volume for what must last."""

    def __init__(
        self,
        spec: HostSpec,
        *,
        stack_id: str,
        labels: Mapping[str, str],
        network_name: pulumi.Input[str],
        image_id: pulumi.Input[str],
        engine_uri: str,
        engine_facts: EngineFacts,
        provider: docker.Provider,
    ) -> None:
        super().__init__("amanat:targets:DockerHost", spec)
        child = pulumi.ResourceOptions(parent=self, provider=provider)
        volume = docker.Volume(
            f"{spec.name}-data",
            name=f"{stack_id}-{spec.name}-data",
            labels=[docker.VolumeLabelArgs(label=key, value=value) for key, value in labels.items()],
            # A label can't be changed in place, and a volume made anew would be empty.
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(ignore_changes=["labels"])),
        )
        container = docker.Container(
            spec.name,
            name=f"{stack_id}-{spec.name}",
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
            volumes=[docker.ContainerVolumeArgs(volume_name=volume.name, container_path=DATA_DIRECTORY)],
            networks_advanced=[
                docker.ContainerNetworksAdvancedArgs(name=network_name, ipv4_address=spec.address)
            ],
            ports=[
                docker.ContainerPortArgs(ip=LOOPBACK, internal=inside, external=outside)
                for inside, outside in spec.published_ports.items()
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
            ssh_port=pulumi.Output.from_input(spec.published_ports[22]),
        )


def published(machine: str, placement: Placement) -> dict[int, str]:
    """Port inside -> the name that its port on the controller goes by: what the controller may reach."""
    ports = {topology.SSH.port: f"{machine}_ssh_port"}
    if "store" in placement.services_of(machine):
        ports[topology.port("store", "postgresql")] = "store_database_port"
    return ports


def network_in(subnet: IPv4Network, machines: Collection[str]) -> Network:
    """The addresses in a subnet: the gateway's for the controller, then transient machines, then the others."""
    first = GATEWAY_OFFSET + 1
    names = (*topology.transient(), *machines)
    addresses = {name: subnet[offset] for offset, name in enumerate(names, start=first)}
    return Network(addresses, subnet[GATEWAY_OFFSET])


def _registered(settings: Settings) -> str:
    registry = settings.image_registry or Mirrors.from_environment().image_registry
    return f"{registry}/{settings.image_base}" if registry else settings.image_base


def _port(ports: pulumi.Output[dict[str, int]], setting: str) -> pulumi.Output[int]:
    return ports.apply(lambda chosen: int(chosen[setting]))


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


class DockerTarget:
    """The stack's network and image on one engine, and the hosts made from them."""

    def __init__(self, settings: Settings, places: Places, keyring: Keyring) -> None:
        self._settings, self._places, self._keyring = settings, places, keyring
        self._facts = engine.facts(settings.engine)
        engine.require_suitable(self._facts, settings.engine)
        self._labels = engine.labels(places.stack_id, owner())
        self._provider = docker.Provider("engine", host=settings.engine or None)
        self._allocation = Allocation(
            "allocation",
            stack_id=places.stack_id,
            engine_uri=settings.engine,
            asked_subnet=settings.network_subnet,
            asked_ports={
                setting: getattr(settings, setting, 0)
                for machine in settings.machines.machines
                for setting in published(machine, settings.machines).values()
            },
        )
        self.subnet = self._allocation.subnet
        self.network = self.subnet.apply(
            lambda subnet: network_in(IPv4Network(subnet), settings.machines.machines).as_json()
        )
        self.ports = self._allocation.ports
        self._network = DockerNetwork(
            "operator",
            stack_id=places.stack_id,
            labels=self._labels,
            subnet=self.subnet,
            provider=self._provider,
        )
        self._image = HostImage(
            "image",
            stack_id=places.stack_id,
            context=places.image_context,
            source=settings.image_source,
            base=_registered(settings),
            suite=settings.debian_suite,
            mirror=settings.debian_mirror or Mirrors.from_environment().debian,
            proxy=settings.http_proxy,
            provider=self._provider,
        )

    def provision(self, name: str) -> Host:
        """A host container of this name, on the stack's network."""
        ports = self._allocation.ports
        spec = HostSpec(
            name=name,
            address=self.network.apply(lambda network: str(network["addresses"][name])),
            deploy_public_key=self._keyring.deploy.public_key,
            published_ports={
                inside: _port(ports, setting)
                for inside, setting in published(name, self._settings.machines).items()
            },
            name_servers=self._settings.asked_name_servers,
            memory_mib=getattr(self._settings, f"{name}_memory_mib", 0),
        )
        return DockerHost(
            spec,
            stack_id=self._places.stack_id,
            labels=self._labels,
            network_name=self._network.network.name,
            image_id=self._image.image_id,
            engine_uri=self._settings.engine,
            engine_facts=self._facts,
            provider=self._provider,
        )
