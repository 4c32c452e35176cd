"""Has a target make machines under Pulumi's mocks, in a process of its own, and prints what it gives, as JSON."""

import asyncio
import json
import platform
import sys
from typing import Any

import pulumi

from amanat.keyring import Keyring
from amanat.paths import StackPaths
from amanat.settings import Settings
from amanat.targets.docker import facts, target
from amanat.targets.endpoints import machine_specs
from tests.unit.program_under_mocks import Mocks
from tests.unit.targets.fake_program import FakeTarget

TARGETS: dict[str, Any] = {"memory": FakeTarget, "docker": target.DockerTarget}


def main() -> None:
    """Make the machines of a stack whose settings (JSON) are the second argument, at the target of the first."""
    target.engine_facts = lambda uri: facts.EngineFacts(2, "20.10", platform.machine(), "1.41")  # type: ignore[assignment]
    settings = Settings.parse(json.loads(sys.argv[2]), "t1")
    paths = StackPaths("t1")
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pulumi.runtime.set_mocks(Mocks(), project="amanat", stack="t1", preview=False)
    made = TARGETS[sys.argv[1]](settings, paths, Keyring("keys", paths, 397, settings.machines))
    machines = {name: made.provision(spec) for name, spec in machine_specs(settings.machines).items()}
    given = pulumi.Output.all(
        network=made.network,
        machines={
            name: {
                "machine_id": machine.machine_id,
                "host_key": machine.host_key,
                "ssh": pulumi.Output.format("{0}:{1}", machine.ssh_host, machine.ssh_port),
                "endpoints": machine.endpoints,
            }
            for name, machine in machines.items()
        },
    )
    found: list[Any] = []
    given.apply(found.append)
    loop.run_until_complete(pulumi.runtime.stack.wait_for_rpcs())
    json.dump(found[0], sys.stdout)


if __name__ == "__main__":
    main()
