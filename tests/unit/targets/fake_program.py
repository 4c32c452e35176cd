"""The half of the target in memory that works inside Pulumi's program."""

from typing import Any

import pulumi

from amanat import topology
from amanat.keyring import Keyring
from amanat.paths import StackPaths
from amanat.settings import Settings
from amanat.targets import Target
from amanat.targets.machine import Machine, MachineSpec


class _FakeMachine(Machine):
    def __init__(self, spec: MachineSpec) -> None:
        super().__init__("fake:index:Machine", spec.name)
        self.ready(
            machine_id=f"id-{spec.name}",
            host_key=f"ssh-ed25519 {spec.name}",
            ssh_host=f"{spec.name}.example",
            ssh_port=spec.endpoints["ssh"],
            endpoints={name: f"{spec.name}.example:{port}" for name, port in spec.endpoints.items()},
        )


class FakeTarget:
    """Machines that have been there all along, each reached by its own name and ports."""

    def __init__(self, settings: Settings, paths: StackPaths, keyring: Keyring) -> None:
        names = [*topology.transient(), *settings.machines.machines]
        self._addresses = {name: f"192.0.2.{last}" for last, name in enumerate(names, 10)}

    @property
    def network(self) -> pulumi.Output[dict[str, Any]]:
        return pulumi.Output.from_input({"addresses": self._addresses, "controller": "192.0.2.1"})

    def provision(self, spec: MachineSpec) -> Machine:
        return _FakeMachine(spec)


def target_of(fake: FakeTarget) -> Target:
    """The fake as the contract's type: mypy holds it to that."""
    return fake
