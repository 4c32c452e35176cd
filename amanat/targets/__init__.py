"""Targets: ways to get the hosts of a stack. Each gives the same `Host`; nothing of a target leaks past its module."""

from typing import Any, Protocol

import pulumi

from amanat.keyring import Keyring
from amanat.places import Places
from amanat.settings import Settings
from amanat.targets.host import Host, HostSpec

__all__ = ["Host", "HostSpec", "Target", "target"]


class Target(Protocol):
    """A place where hosts can be made, with the network they share."""

    network: pulumi.Output[dict[str, Any]]  # amanat.network.Network as JSON
    ports: pulumi.Output[dict[str, int]]

    def provision(self, name: str) -> Host:
        """Make the machine of this name of the placement."""


def target(settings: Settings, places: Places, keyring: Keyring) -> Target:
    """The target that the settings choose."""
    from amanat.targets.docker import DockerTarget  # an ssh target must not need Docker's client

    return DockerTarget(settings, places, keyring)
