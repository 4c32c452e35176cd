"""A host that lives as long as one operation: made by a small Pulumi program of its own, and always removed again."""

import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pulumi_docker as docker
from pulumi import automation

from amanat import processes, runs
from amanat.allocation import choose_ports
from amanat.errors import AmanatError
from amanat.owner import owner
from amanat.places import PROJECT_ROOT, Places
from amanat.pulumi_errors import explain
from amanat.targets import engine
from amanat.targets.docker import LOOPBACK, DockerHost
from amanat.targets.host import HostSpec

PORT = "ssh_port"
MAKING_SECONDS = 1200.0  # an emulated machine takes minutes


class ScratchHostNotMade(AmanatError):
    """The engine or Pulumi refused."""


@dataclass(frozen=True)
class ScratchHost:
    """Where the host is reached, and the key it is pinned by."""

    name: str
    ssh_port: int
    host_key: str
    ssh_host: str = LOOPBACK


@contextmanager
def scratch_host(
    name: str,
    places: Places,
    *,
    engine_uri: str,
    address: str,
    like: str,
    deploy_public_key: str,
    name_servers: list[str],
    environment: dict[str, str],
) -> Iterator[ScratchHost]:
    """A transient host of the topology at `address` of the stack's network, from the image of the machine `like`.

    Nothing of it is left afterwards; what a killed run left is removed first. While it lasts, no other run works on
    the stack. Raises `AmanatError`.
    """
    container, volume = f"{places.stack_id}-{name}", f"{places.stack_id}-{name}-data"
    with runs.alone(places):
        engine.refuse_another_owner(engine_uri, places.stack_id, owner())
        engine.remove_host(engine_uri, container, volume)
        port = choose_ports({PORT: 0}, {}, seed=f"{places.stack_id}/{name}")[PORT]

        spec = {
            "name": name,
            "address": address,
            "deploy_public_key": deploy_public_key,
            "port": port,
            "stack_id": places.stack_id,
            "labels": engine.labels(places.stack_id, owner()),
            "image_id": engine.image_id(engine_uri, f"{places.stack_id}-{like}"),
            "engine_uri": engine_uri,
            "name_servers": name_servers,
        }
        try:
            make_host(spec, {**environment, "AMANAT_STACK_ID": places.stack_id, "AMANAT_RUN": runs.RUN_ID})
            yield ScratchHost(name, port, engine.host_key(engine_uri, container))
        finally:
            engine.remove_host(engine_uri, container, volume)


def make_host(spec: dict[str, Any], environment: dict[str, str]) -> None:
    """Make the host that `spec` describes (see `main`), on the stack's network, which is there.

    The program runs in a process of its own: what gRPC leaves in one can't be forked to run Ansible. Raises
    `ScratchHostNotMade`.
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
        raise ScratchHostNotMade(
            f"the scratch host could not be made: {done.stderr.strip()[-600:]}",
            f"engine {spec['engine_uri'] or 'local'}",
        )


def main() -> None:
    """Make the host that standard input describes; its state is thrown away, for it is removed by its names."""
    spec = json.load(sys.stdin)

    def program() -> None:
        DockerHost(
            HostSpec(
                name=spec["name"],
                address=spec["address"],
                deploy_public_key=spec["deploy_public_key"],
                published_ports={22: spec["port"]},
                name_servers=tuple(spec.get("name_servers", ())),
            ),
            stack_id=spec["stack_id"],
            labels=spec["labels"],
            network_name=f"{spec['stack_id']}-operator",
            image_id=spec["image_id"],
            engine_uri=spec["engine_uri"],
            engine_facts=engine.facts(spec["engine_uri"]),
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
