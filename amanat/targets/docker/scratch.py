"""A machine for one operation: made by a small Pulumi program of its own, and always removed again."""

import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pulumi_docker as docker
from pulumi import automation

from amanat import processes, runs, topology
from amanat.owner import owner
from amanat.paths import PROJECT_ROOT, StackPaths
from amanat.pulumi_errors import explain
from amanat.targets.contract import ScratchMachine, ScratchMachineNotMade
from amanat.targets.docker import console, resources
from amanat.targets.docker.allocation import choose_ports
from amanat.targets.docker.facts import engine_facts
from amanat.targets.docker.labels import labels
from amanat.targets.docker.machine import LOOPBACK, ContainerSpec, DockerMachine
from amanat.targets.docker.names import container_name, network_name, volume_name
from amanat.targets.docker.ownership import refuse_another_owner
from amanat.targets.endpoints import SSH

PORT = "ssh_port"
MAKING_SECONDS = 1200.0  # an emulated machine takes minutes


@contextmanager
def scratch_machine(
    name: str,
    paths: StackPaths,
    *,
    engine_uri: str,
    address: str,
    deploy_public_key: str,
    name_servers: Sequence[str],
    environment: Mapping[str, str],
) -> Iterator[ScratchMachine]:
    """A transient machine on the stack's network, from the image of the stack's own machines.

    Nothing of it is left afterwards; what a killed run left is removed first. While it lasts, no other run works on
    the stack. Raises `AmanatError`.
    """
    container, volume = container_name(paths.stack_id, name), volume_name(paths.stack_id, name)
    with runs.stack_lock(paths):
        refuse_another_owner(engine_uri, paths.stack_id, owner())
        resources.remove_machine(engine_uri, container, volume)
        port = choose_ports({PORT: 0}, {}, f"{paths.stack_id}/{name}", {})[PORT]
        spec = {
            "name": name,
            "address": address,
            "deploy_public_key": deploy_public_key,
            "port": port,
            "stack_id": paths.stack_id,
            "labels": labels(paths.stack_id, owner()),
            "image_id": resources.image_id(engine_uri, paths.stack_id),
            "engine_uri": engine_uri,
            "name_servers": list(name_servers),
        }
        try:
            make_machine(spec, {**environment, "AMANAT_STACK_ID": paths.stack_id, "AMANAT_RUN": runs.RUN_ID})
            yield ScratchMachine(name, LOOPBACK, port, console.host_key(engine_uri, container))
        finally:
            resources.remove_machine(engine_uri, container, volume)


def make_machine(spec: dict[str, Any], environment: Mapping[str, str]) -> None:
    """Make the machine that `spec` describes (see `main`), on the stack's network, which is there.

    The program runs in a process of its own: what gRPC leaves in one can't be forked to run Ansible. Raises
    `ScratchMachineNotMade`.
    """
    # The dynamic provider's process, too, loads our classes by name.
    done = processes.run(
        [sys.executable, "-m", __name__],
        seconds=MAKING_SECONDS,
        source={**os.environ, **environment},
        settings={"PYTHONPATH": str(PROJECT_ROOT)},
        own=True,
        input=json.dumps(spec),
        capture_output=True,
    )
    if done.returncode != 0:
        raise ScratchMachineNotMade(
            f"the scratch machine could not be made: {done.stderr.strip()[-600:]}",
            f"engine {spec['engine_uri'] or 'local'}",
        )


def main() -> None:
    """Make the machine that standard input describes; its state is thrown away, for it is removed by its names."""
    spec = json.load(sys.stdin)

    def program() -> None:
        DockerMachine(
            ContainerSpec(
                name=spec["name"],
                address=spec["address"],
                deploy_public_key=spec["deploy_public_key"],
                ports={SSH: (topology.SSH.port, spec["port"])},
                name_servers=tuple(spec["name_servers"]),
            ),
            stack_id=spec["stack_id"],
            labels=spec["labels"],
            network_name=network_name(spec["stack_id"]),
            image_id=spec["image_id"],
            engine_uri=spec["engine_uri"],
            engine_facts=engine_facts(spec["engine_uri"]),
            provider=docker.Provider("engine", host=spec["engine_uri"] or None),
        )

    with tempfile.TemporaryDirectory(prefix="amanat-scratch-") as directory:
        os.environ["PULUMI_BACKEND_URL"] = f"file://{directory}"
        os.environ["PULUMI_CONFIG_PASSPHRASE"] = secrets.token_hex(16)
        os.environ.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
        try:
            stack = automation.create_or_select_stack(
                stack_name="scratch",
                project_name="amanat",
                program=program,
                opts=automation.LocalWorkspaceOptions(work_dir=directory, env_vars=dict(os.environ)),
            )
            stack.up(suppress_progress=True)
        except automation.CommandError as error:
            sys.exit(str(explain(str(error))))


if __name__ == "__main__":
    main()
