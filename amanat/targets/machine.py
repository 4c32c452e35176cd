"""A machine as a target gives it to the rest of the program: SSH reaches it, with its host key pinned."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class MachineSpec:
    """What a machine is to be, whatever makes it. `endpoints`: those that the controller may reach, name -> port."""

    name: str
    endpoints: Mapping[str, int]


class Machine(pulumi.ComponentResource):
    """A reachable Debian machine. Targets subclass it and call `ready` once.

    `endpoints` says for each of its endpoints where the controller reaches it, as `host:port`.
    """

    machine_id: pulumi.Output[str]
    host_key: pulumi.Output[str]
    ssh_host: pulumi.Output[str]
    ssh_port: pulumi.Output[int]
    endpoints: pulumi.Output[dict[str, str]]

    def __init__(self, token: str, name: str) -> None:
        super().__init__(token, name)

    def ready(
        self,
        *,
        machine_id: pulumi.Input[str],
        host_key: pulumi.Input[str],
        ssh_host: pulumi.Input[str],
        ssh_port: pulumi.Input[int],
        endpoints: Mapping[str, pulumi.Input[str]],
    ) -> None:
        """Register what the configuration needs: the machine's identity, its endpoints, SSH's with the pinned key."""
        self.machine_id = pulumi.Output.from_input(machine_id)
        self.host_key = pulumi.Output.from_input(host_key)
        self.ssh_host = pulumi.Output.from_input(ssh_host)
        self.ssh_port = pulumi.Output.from_input(ssh_port)
        self.endpoints = pulumi.Output.all(**endpoints)
        self.register_outputs(
            {
                "machine_id": self.machine_id,
                "host_key": self.host_key,
                "ssh_host": self.ssh_host,
                "ssh_port": self.ssh_port,
                "endpoints": self.endpoints,
            }
        )
