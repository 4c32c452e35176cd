"""What every target gives the rest of the program: a host that SSH reaches, with its key pinned."""

from dataclasses import dataclass, field

import pulumi


@dataclass(frozen=True)
class HostSpec:
    """What a host is to be, whatever makes it. `published_ports`: port inside -> port on the controller;
    `name_servers`: IPv4 addresses, the target's own where empty.
    """

    name: str
    address: pulumi.Input[str]
    deploy_public_key: pulumi.Input[str]
    published_ports: dict[int, pulumi.Input[int]] = field(default_factory=dict)
    memory_mib: int = 0
    name_servers: tuple[str, ...] = ()


class Host(pulumi.ComponentResource):
    """A reachable Debian host. Targets subclass it and call `ready` once."""

    machine_id: pulumi.Output[str]
    host_key: pulumi.Output[str]
    ssh_host: pulumi.Output[str]
    ssh_port: pulumi.Output[int]
    endpoint: pulumi.Output[str]

    def __init__(self, token: str, spec: HostSpec) -> None:
        super().__init__(token, spec.name)
        self.spec = spec

    def ready(
        self,
        *,
        machine_id: pulumi.Input[str],
        host_key: pulumi.Input[str],
        ssh_host: pulumi.Input[str],
        ssh_port: pulumi.Input[int],
    ) -> None:
        """Register what the configuration needs: the machine's identity and its pinned SSH endpoint."""
        self.machine_id = pulumi.Output.from_input(machine_id)
        self.host_key = pulumi.Output.from_input(host_key)
        self.ssh_host = pulumi.Output.from_input(ssh_host)
        self.ssh_port = pulumi.Output.from_input(ssh_port)
        self.endpoint = pulumi.Output.format("ssh://{0}:{1}", self.ssh_host, self.ssh_port)
        self.register_outputs(
            {
                "machine_id": self.machine_id,
                "host_key": self.host_key,
                "ssh_host": self.ssh_host,
                "ssh_port": self.ssh_port,
            }
        )
