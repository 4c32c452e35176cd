"""The door to a stack's machines: one target, chosen by the settings, behind one contract (amanat/targets/contract.py).

Nobody else knows of which kind it is. Each target lies in a directory of its own, its settings beside it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amanat.targets.contract import (
    NEVER_STARTED,
    PAUSED,
    RUNNING,
    STOPPED,
    AnotherOwner,
    NoConsole,
    Operations,
    Prepared,
    ScratchMachine,
    ScratchMachineNotMade,
    Target,
    TargetDrift,
    TargetUnreachable,
    UnsuitableTarget,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import pulumi

    from amanat.keyring import Keyring
    from amanat.paths import StackPaths
    from amanat.settings import Settings

__all__ = [
    "NEVER_STARTED",
    "PAUSED",
    "RUNNING",
    "STOPPED",
    "AnotherOwner",
    "NoConsole",
    "Operations",
    "Prepared",
    "ScratchMachine",
    "ScratchMachineNotMade",
    "Target",
    "TargetDrift",
    "TargetUnreachable",
    "UnsuitableTarget",
    "operations",
    "target",
]


@dataclass(frozen=True)
class Halves:
    """The two halves of a target. They are imported when they are called for.

    Another target must not need Docker's client, nor a command Pulumi's Docker SDK.
    """

    target: "Callable[[], Callable[[Settings, StackPaths, Keyring, pulumi.Resource | None], Target]]"
    operations: "Callable[[], Callable[[Settings, StackPaths], Operations]]"


def _docker_target() -> "Callable[[Settings, StackPaths, Keyring, pulumi.Resource | None], Target]":
    from amanat.targets.docker.target import DockerTarget

    return DockerTarget


def _docker_operations() -> "Callable[[Settings, StackPaths], Operations]":
    from amanat.targets.docker.operations import DockerOperations

    return DockerOperations


# By the setting `target`, each of whose values is here.
TARGETS = {"docker": Halves(_docker_target, _docker_operations)}


def target(
    settings: "Settings", paths: "StackPaths", keyring: "Keyring", after: "pulumi.Resource | None" = None
) -> Target:
    """The target that the settings choose, for Pulumi's program; nothing of it is made before `after`."""
    return TARGETS[settings.target].target()(settings, paths, keyring, after)


def operations(settings: "Settings", paths: "StackPaths") -> Operations:
    """The target that the settings choose, for commands."""
    return TARGETS[settings.target].operations()(settings, paths)
