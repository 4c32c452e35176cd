"""The contract of a target: what gives a stack its machines, for the whole of their lives.

It has two halves. `Target` works inside Pulumi's program: it makes the network and the machines. `Operations` works
outside of it, for commands. A target implements both below a directory of its own; only `amanat.targets` knows which.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from amanat.errors import AmanatError, BadInput
from amanat.network import Network
from amanat.setup.progress import Reporter

if TYPE_CHECKING:
    import pulumi

    from amanat.targets.machine import Machine, MachineSpec

RUNNING = "running"
STOPPED = "stopped"
PAUSED = "paused"
NEVER_STARTED = "never started"
Resource = Mapping[str, Any]  # one of Pulumi's state: urn, type, id, …


class TargetUnreachable(AmanatError):
    """What runs the machines does not answer."""


class UnsuitableTarget(BadInput):
    """What runs the machines answers, and can't run the kit's."""


class AnotherOwner(BadInput):
    """The stack's machines were made from another AMANAT_HOME, by another user perhaps."""


class NoConsole(AmanatError):
    """This target has no console on which root could work, or not of this machine."""


class ScratchMachineNotMade(AmanatError):
    """The scratch machine could not be made."""


@dataclass(frozen=True)
class Prepared:
    """A target that answers: its description for people, and the variables by which programs reach it."""

    description: str
    environment: Mapping[str, str]


@dataclass(frozen=True)
class TargetDrift:
    """Differences between a state and what the target has, a line each for people.

    `comparable` tells whether each machine runs, so that its inside can be compared as well.
    """

    lines: tuple[str, ...]
    comparable: bool


@dataclass(frozen=True)
class ScratchMachine:
    """A machine that lasts as long as one operation: its SSH endpoint, and the host key it is pinned by."""

    name: str
    ssh_host: str
    ssh_port: int
    host_key: str


class Target(Protocol):
    """A stack's machines and their network, inside Pulumi's program."""

    @property
    def network(self) -> "pulumi.Output[dict[str, Any]]":
        """The network as `Network.as_json` writes it: every machine's address, transient ones included, for good."""

    def provision(self, spec: "MachineSpec") -> "Machine":
        """Make one machine, or find the one that is there."""


@runtime_checkable
class Operations(Protocol):
    """What commands do with a stack's machines, outside of Pulumi's program. Machines go by their names."""

    @property
    def noun(self) -> str:
        """What people call that which runs the machines, in one word."""

    def prepare(self, report: Reporter) -> Prepared:
        """Have it answer, installed and started first where that can be done. Raises `AmanatError`."""

    def environment(self) -> Mapping[str, str]:
        """The variables of `prepare`, without asking anybody."""

    def require_suitable(self) -> None:
        """Raise `UnsuitableTarget` where machines of the kit can't run."""

    def refuse_another_owner(self, known_ids: Callable[[], set[str]] | None = None) -> None:
        """Raise `AnotherOwner` if anything of the stack is somebody else's.

        `known_ids` gives the ids in our state, for what doesn't tell its owner; it is asked only then.
        """

    def states(self) -> dict[str, str]:
        """Machine -> its state: running, stopped, paused, never started, or a word of the target's own."""

    def start_stopped(self) -> list[str]:
        """Bring the stack's machines back that don't run; their names."""

    def exists(self) -> bool:
        """Whether there is anything of the stack."""

    def missing(self, resources: Sequence[Resource]) -> list[str]:
        """The URNs of the state's resources that are gone, among those that the target can look for."""

    def drift(self, resources: Sequence[Resource]) -> TargetDrift:
        """Compare the state's resources with what is there; nothing is changed."""

    def remove_orphans(self, known_ids: set[str]) -> list[str]:
        """Remove what a killed run left, ours and in no state; data stays. The names of what went."""

    def remove_all(self) -> None:
        """Remove all of the stack that is ours, data included."""

    def list_resources(self) -> dict[str, list[str]]:
        """What there is of the stack: kind -> names; kinds without any are left out."""

    def run_as_root(self, machine: str, script: str) -> tuple[int, str]:
        """Run a shell script at root's console of a machine; its exit status and output. Raises `NoConsole`."""

    def scratch_machine(
        self, name: str, *, network: Network, deploy_public_key: str, environment: Mapping[str, str]
    ) -> AbstractContextManager[ScratchMachine]:
        """A machine for one operation, at the address that the network has for it.

        Nothing of it is left afterwards; what a killed run left is removed first. While it lasts, no other run works on
        the stack. `environment` is that of Pulumi. Raises `AmanatError`.
        """
