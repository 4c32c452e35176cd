"""The door to a stack's machines: one target, chosen by the settings, behind one contract (amanat/targets/contract.py).

Nobody else knows of which kind it is. Each target lies in a directory of its own, its settings beside it.
"""

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
    import pulumi

    from amanat.keyring import Keyring
    from amanat.places import Places
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

# Imported when they are called: another target must not need Docker's client, nor a command Pulumi's Docker SDK.


def target(
    settings: "Settings", places: "Places", keyring: "Keyring", after: "pulumi.Resource | None" = None
) -> Target:
    """The target that the settings choose, for Pulumi's program; nothing of it is made before `after`."""
    from amanat.targets.docker.target import DockerTarget

    return DockerTarget(settings, places, keyring, after)


def operations(settings: "Settings", places: "Places") -> Operations:
    """The target that the settings choose, for commands."""
    from amanat.targets.docker.operations import DockerOperations

    return DockerOperations(settings, places)
