"""A target in memory: the contract of `amanat.targets` without anything that runs machines."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from amanat.network import Network
from amanat.setup.progress import Reporter
from amanat.targets import (
    NEVER_STARTED,
    PAUSED,
    RUNNING,
    STOPPED,
    AnotherOwner,
    NoConsole,
    Operations,
    Prepared,
    ScratchMachine,
    TargetDrift,
    UnsuitableTarget,
)
from amanat.targets.contract import Resource

OURS, THEIRS = "us", "them"
TYPE = "fake:index:Machine"


@dataclass
class FakeMachine:
    """A machine that only has a state. `data` is what must last."""

    state: str = RUNNING
    owner: str = OURS
    data: str = ""


@dataclass
class FakeOperations:
    """The machines there are, by name, which is their id as well. `asked` is what was changed, in order."""

    machines: dict[str, FakeMachine] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, object]] = field(default_factory=list)
    unsuitable: str = ""
    noun: str = "memory"

    def prepare(self, report: Reporter) -> Prepared:
        report.note("memory is there")
        return Prepared("memory", self.environment())

    def environment(self) -> Mapping[str, str]:
        return {"FAKE_TARGET": "here"}

    def require_suitable(self) -> None:
        if self.unsuitable:
            raise UnsuitableTarget(self.unsuitable)

    def refuse_another_owner(self, known_ids: Callable[[], set[str]] | None = None) -> None:
        owners = {name: machine.owner for name, machine in self.machines.items()}
        unknown = {name for name, owner in owners.items() if not owner}
        if THEIRS in owners.values() or (known_ids and unknown and not unknown <= known_ids()):
            raise AnotherOwner("the stack belongs to them")

    def states(self) -> dict[str, str]:
        return {name: machine.state for name, machine in self.machines.items()}

    def start_stopped(self) -> list[str]:
        stopped = [name for name, machine in self.machines.items() if machine.state in (STOPPED, PAUSED)]
        for name in stopped:
            self.machines[name].state = RUNNING
        self.asked.append(("start_stopped", stopped))
        return stopped

    def exists(self) -> bool:
        return bool(self.machines)

    def missing(self, resources: Sequence[Resource]) -> list[str]:
        return [one["urn"] for one in resources if one.get("type") == TYPE and one["id"] not in self.machines]

    def drift(self, resources: Sequence[Resource]) -> TargetDrift:
        known = {one["id"] for one in resources if one.get("type") == TYPE}
        gone = [f"machine {name} is gone" for name in sorted(known - self.machines.keys())]
        idle = [
            f"host {name} is {machine.state}"
            for name, machine in self.machines.items()
            if name in known and machine.state in (STOPPED, PAUSED, NEVER_STARTED)
        ]
        orphans = [f"machine {name}: a killed run left it" for name in self.machines if name not in known]
        return TargetDrift((*gone, *idle, *orphans), comparable=not gone and not idle)

    def remove_orphans(self, known_ids: set[str]) -> list[str]:
        orphans = [
            name for name, machine in self.machines.items() if name not in known_ids and machine.owner == OURS
        ]
        for name in orphans:
            self.data[name] = self.machines.pop(name).data
        self.asked.append(("remove_orphans", known_ids))
        return orphans

    def remove_all(self) -> None:
        self.remove_orphans(set())
        self.data.clear()
        self.asked.append(("remove_all", None))

    def list_resources(self) -> dict[str, list[str]]:
        kinds = {"machines": list(self.machines), "data": list(self.data)}
        return {kind: names for kind, names in kinds.items() if names}

    def run_as_root(self, machine: str, script: str) -> tuple[int, str]:
        if machine not in self.machines:
            raise NoConsole(f"there is no machine {machine}")
        self.asked.append(("run_as_root", (machine, script)))
        return 0, f"root@{machine}"

    @contextmanager
    def scratch_machine(
        self, name: str, *, network: Network, deploy_public_key: str, environment: Mapping[str, str]
    ) -> Iterator[ScratchMachine]:
        self.machines[name] = FakeMachine()
        try:
            yield ScratchMachine(name, str(network.addresses[name]), 22, f"ssh-ed25519 {deploy_public_key}")
        finally:
            del self.machines[name]


def in_state(*names: str) -> list[Resource]:
    """The resources of a state that knows these machines, among others."""
    other = {"urn": "urn:other", "type": "amanat:Other", "id": "other"}
    return [other, *({"urn": f"urn:{name}", "type": TYPE, "id": name} for name in names)]


def operations_of(fake: FakeOperations) -> Operations:
    """The fake as the contract's type: mypy holds it to that."""
    return fake
