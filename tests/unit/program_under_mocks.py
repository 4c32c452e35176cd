"""Runs the Pulumi program under mocks in a process of its own and prints what it would register, as JSON."""

import asyncio
import json
import platform
import runpy
import sys
from typing import Any

import pulumi

from amanat.paths import PROJECT_ROOT
from amanat.targets.docker import facts, target

MARK = "SECRETMARK"
PORTS = {"logs/ssh": 20022, "store/ssh": 21022, "store/store.postgresql": 21432, "vault/ssh": 22022}


class Mocks(pulumi.runtime.Mocks):
    """Remembers every registration; gives dynamic resources plausible outputs."""

    def __init__(self) -> None:
        self.made: dict[str, pulumi.runtime.MockResourceArgs] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        kind = args.typ.rpartition(":")[2]
        # A machine and the configuration of a service may have one name.
        self.made[f"configuration of {args.name}" if kind == "Configuration" else args.name] = args
        outs = {key: value for key, value in args.inputs.items() if value is not None}
        outs |= {
            "Allocation": {
                "subnet": "10.99.7.0/24",
                "controller": "10.99.7.1",
                "addresses": {
                    name: f"10.99.7.{last}" for last, name in enumerate(args.inputs.get("machines", ()), 2)
                },
                "ports": {
                    name: asked or PORTS.get(name, 23000 + number)
                    for number, (name, asked) in enumerate(args.inputs.get("asked_ports", {}).items())
                },
            },
            "SshKeyPair": {
                "private_key": f"{MARK}-{args.name}",
                "public_key": f"ssh-ed25519 AAAA {args.name}",
            },
            "Authority": {"private_key": f"{MARK}-ca", "certificate": "CA-PEM"},
            "ClientCertificate": {"private_key": f"{MARK}-{args.name}", "certificate": "CLIENT-PEM"},
            "RandomSecret": {"value": f"{MARK}-{args.name}"},
            "SealingKey": {"public_key": "PUBLIC-PGP", "fingerprint": "F" * 40},
            "HostIdentity": {"host_key": "ssh-ed25519 HOSTKEY"},
            "RootFilesystem": {"path": "/nowhere/rootfs.tar"},
            "RemoteImage": {"image_id": "sha256:1"},
        }.get(kind, {})
        return f"{args.name}-id", outs

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[Any, Any]:
        return {}


def main() -> None:
    """Run the program on a pretended engine of the cgroup version that the first argument says.

    The second argument is the configuration, as Pulumi hands it over: names and texts, in JSON.
    """
    version = int(sys.argv[1])
    pretended = facts.EngineFacts(version, "20.10", platform.machine(), "1.41")
    target.engine_facts = lambda uri: pretended  # type: ignore[assignment]
    mocks = Mocks()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pulumi.runtime.set_mocks(mocks, project="amanat", stack="t1", preview=False)
    pulumi.runtime.set_all_config(json.loads(sys.argv[2]))
    runpy.run_path(str(PROJECT_ROOT / "__main__.py"), run_name="__main__")
    loop.run_until_complete(pulumi.runtime.stack.wait_for_rpcs())
    made = {name: {"type": made.typ, "inputs": made.inputs} for name, made in mocks.made.items()}
    json.dump(made, sys.stdout)


if __name__ == "__main__":
    main()
