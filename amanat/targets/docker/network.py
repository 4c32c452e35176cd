"""The stack's own bridge network on the engine."""

from collections.abc import Mapping

import pulumi
import pulumi_docker as docker

from amanat.targets.docker.names import network_name

NAME = "operator"


class DockerNetwork(pulumi.ComponentResource):
    """The stack's own bridge network. Containers on it reach each other; the firewall of each decides what for."""

    def __init__(
        self,
        *,
        stack_id: str,
        labels: Mapping[str, str],
        subnet: pulumi.Input[str],
        provider: docker.Provider,
    ) -> None:
        super().__init__("amanat:targets:DockerNetwork", NAME)
        self.network = docker.Network(
            f"{NAME}-network",
            name=network_name(stack_id),
            driver="bridge",
            ipam_configs=[docker.NetworkIpamConfigArgs(subnet=subnet)],
            labels=[docker.NetworkLabelArgs(label=key, value=value) for key, value in labels.items()],
            opts=pulumi.ResourceOptions(parent=self, provider=provider, delete_before_replace=True),
        )
        self.register_outputs({"name": self.network.name})
