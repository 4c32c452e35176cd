"""The target docker outside of Pulumi's program: what commands do with a stack's containers on the engine."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

from amanat.network import Network
from amanat.owner import owner
from amanat.paths import StackPaths
from amanat.settings import Settings
from amanat.setup.progress import Reporter
from amanat.targets.contract import Prepared, Resource, ScratchMachine, TargetDrift
from amanat.targets.docker import console, drift, resources, setup
from amanat.targets.docker.facts import engine_facts, require_suitable
from amanat.targets.docker.names import container_name, machine_name
from amanat.targets.docker.ownership import refuse_another_owner


class DockerOperations:
    """A stack's containers, networks and volumes on one engine."""

    noun = "engine"

    def __init__(self, settings: Settings, paths: StackPaths) -> None:
        self._settings, self._paths = settings, paths
        self._uri, self._stack_id = settings.engine, paths.stack_id

    def prepare(self, report: Reporter) -> Prepared:
        """Have an engine answer; as root on Debian or Ubuntu, install and start one first where none does."""
        setup.ensure_bootstrap_programs(report)
        engine = setup.engine(report)
        return Prepared(f"Docker {engine.version} at {engine.host}", engine.environment())

    def environment(self) -> Mapping[str, str]:
        """The variables that lead to the engine which `prepare` would try first."""
        return setup.default_engine().environment()

    def require_suitable(self) -> None:
        """Raise `UnsuitableEngine` for an engine whose containers can't be machines."""
        require_suitable(engine_facts(self._uri), self._uri)

    def refuse_another_owner(self, known_ids: Callable[[], set[str]] | None = None) -> None:
        """Raise `AnotherOwner` if anything of the stack on the engine is labelled with another owner."""
        refuse_another_owner(self._uri, self._stack_id, owner(), known_ids)

    def states(self) -> dict[str, str]:
        """Machine -> its state, by its container's."""
        return {
            machine_name(self._stack_id, container): drift.state_of(status)
            for container, status in resources.states(self._uri, self._stack_id).items()
        }

    def start_stopped(self) -> list[str]:
        """Start the containers that are stopped or paused."""
        started = resources.start_stopped(self._uri, self._stack_id)
        return [machine_name(self._stack_id, container) for container in started]

    def exists(self) -> bool:
        """Whether the engine has a container, network or volume of the stack."""
        return bool(resources.existing_ids(self._uri, self._stack_id))

    def missing(self, state: Sequence[Resource]) -> list[str]:
        """The URNs of containers, networks and volumes that the engine doesn't have any more."""
        return drift.missing(state, resources.existing_ids(self._uri, self._stack_id))

    def drift(self, state: Sequence[Resource]) -> TargetDrift:
        """Compare the state's containers, networks and volumes with the engine's."""
        return drift.engine_drift(state, resources.resources_by_id(self._uri, self._stack_id))

    def remove_orphans(self, known_ids: set[str]) -> list[str]:
        """Remove our containers and networks that no state knows; volumes stay."""
        return resources.remove_orphans(self._uri, self._stack_id, owner(), known_ids)

    def remove_all(self) -> None:
        """Remove our containers, networks and volumes, with the messages in them."""
        self.remove_orphans(set())
        resources.remove_volumes(self._uri, self._stack_id, owner())

    def list_resources(self) -> dict[str, list[str]]:
        """Names of containers, networks, volumes and images."""
        found = resources.list_resources(self._uri, self._stack_id)
        return {kind: names for kind, names in found.items() if names}

    def run_as_root(self, machine: str, script: str) -> tuple[int, str]:
        """Run a script as root in the machine's container, through the engine."""
        return console.run_as_root(self._uri, container_name(self._stack_id, machine), script)

    def scratch_machine(
        self, name: str, *, network: Network, deploy_public_key: str, environment: Mapping[str, str]
    ) -> AbstractContextManager[ScratchMachine]:
        """A container from the image of the stack's machines."""
        # Here, since it loads Pulumi's Docker SDK: a third of a second of every other command.
        from amanat.targets.docker.scratch import scratch_machine

        return scratch_machine(
            name,
            self._paths,
            engine_uri=self._uri,
            address=str(network.addresses[name]),
            deploy_public_key=deploy_public_key,
            name_servers=self._settings.asked_name_servers,
            environment=environment,
        )
