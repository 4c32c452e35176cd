"""The target docker in Pulumi's program: the stack's network and image on one engine, and machines made from them."""

from typing import Any

import pulumi
import pulumi_docker as docker

from amanat import topology
from amanat.keyring import Keyring
from amanat.owner import owner
from amanat.paths import StackPaths
from amanat.settings import Settings
from amanat.setup.mirrors import Mirrors
from amanat.targets.docker.allocation import Allocation
from amanat.targets.docker.facts import engine_facts, require_suitable
from amanat.targets.docker.image import HostImage
from amanat.targets.docker.labels import labels
from amanat.targets.docker.machine import ContainerSpec, DockerMachine
from amanat.targets.docker.network import DockerNetwork
from amanat.targets.docker.settings import DockerSettings
from amanat.targets.endpoints import SSH, machine_specs, name_of
from amanat.targets.machine import Machine, MachineSpec

DATABASE = name_of("store", "postgresql")
SITE = name_of("edge", "https")


class DockerTarget:
    """The stack's network and image on one engine, and the machines made from them."""

    def __init__(
        self, settings: Settings, paths: StackPaths, keyring: Keyring, after: pulumi.Resource | None = None
    ) -> None:
        self._settings, self._paths, self._keyring = settings, paths, keyring
        self._facts = engine_facts(settings.engine)
        require_suitable(self._facts, settings.engine)
        self._labels = labels(paths.stack_id, owner())
        self._provider = docker.Provider("engine", host=settings.engine or None)
        specs = machine_specs(settings.machines)
        asked = {
            _port_name(spec.name, endpoint): _asked_by(settings, spec.name, endpoint)
            for spec in specs.values()
            for endpoint in spec.endpoints
        }
        self._allocation = Allocation(
            "allocation",
            stack_id=paths.stack_id,
            engine_uri=settings.engine,
            machines=[*topology.transient(), *specs],
            asked_subnet=settings.network_subnet,
            asked_ports={name: port for name, (_, port) in asked.items()},
            settings={name: setting for name, (setting, _) in asked.items()},
            opts=pulumi.ResourceOptions(depends_on=[after]) if after else None,
        )
        self._network = DockerNetwork(
            stack_id=paths.stack_id,
            labels=self._labels,
            subnet=self._allocation.subnet,
            provider=self._provider,
        )
        self._image = HostImage(
            "image",
            stack_id=paths.stack_id,
            context=paths.image_context,
            source=settings.image_source,
            base=_registered(settings),
            suite=settings.debian_suite,
            mirror=settings.debian_mirror or Mirrors.from_environment().debian,
            proxy=settings.http_proxy,
            provider=self._provider,
        )

    @property
    def network(self) -> pulumi.Output[dict[str, Any]]:
        """Every machine's address, those of transient machines included, and the gateway's."""
        return pulumi.Output.all(addresses=self._allocation.addresses, controller=self._allocation.controller)

    def provision(self, spec: MachineSpec) -> Machine:
        """A container of this name, on the stack's network."""
        allocation = self._allocation
        container = ContainerSpec(
            name=spec.name,
            address=allocation.addresses.apply(lambda addresses: addresses[spec.name]),
            deploy_public_key=self._keyring.deploy.public_key,
            ports={
                endpoint: (port, _port(allocation.ports, _port_name(spec.name, endpoint)))
                for endpoint, port in spec.endpoints.items()
            },
            name_servers=self._settings.asked_name_servers,
            memory_mib=self._settings.memory_mib.get(spec.name, 0),
        )
        return DockerMachine(
            container,
            stack_id=self._paths.stack_id,
            labels=self._labels,
            network_name=self._network.network.name,
            image_id=self._image.image_id,
            engine_uri=self._settings.engine,
            engine_facts=self._facts,
            provider=self._provider,
        )


def _registered(settings: DockerSettings) -> str:
    registry = settings.image_registry or Mirrors.from_environment().image_registry
    return f"{registry}/{settings.image_base}" if registry else settings.image_base


def _port_name(machine: str, endpoint: str) -> str:
    """The name of a published port in the allocation."""
    return f"{machine}/{endpoint}"


def _asked_by(settings: DockerSettings, machine: str, endpoint: str) -> tuple[str, int]:
    """The setting that asks for an endpoint's published port, and the port; 0 asks for any."""
    if endpoint == SSH:
        return f"ssh_ports.{machine}", settings.ssh_ports.get(machine, 0)
    asked = {DATABASE: ("database_port", settings.database_port), SITE: ("site_port", settings.site_port)}
    return asked.get(endpoint, ("", 0))


def _port(ports: pulumi.Output[dict[str, int]], name: str) -> pulumi.Output[int]:
    return ports.apply(lambda chosen: int(chosen[name]))
