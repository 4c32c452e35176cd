"""One Ansible run through ansible-runner: progress while it works, the first failure told plainly, drift as a list."""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import ansible_runner
from ansible_runner.interface import init_runner

from amanat import ansible_environment, secrets_socket
from amanat.errors import AmanatError, listed
from amanat.files import private_directory
from amanat.inventory import Secrets
from amanat.inventory_tree import InventoryTree
from amanat.locks import UNKNOWN, file_lock
from amanat.playbook_content import plays_of
from amanat.progress import show_progress
from amanat.secrets_socket import serve_secrets

KEPT_RUNS = 5
DIFF_LINES = 6


class ConvergeFailed(AmanatError):
    """A task failed, or a host could not be reached."""


@dataclass
class Result:
    """The outcome of a run: per machine how many tasks were ok, changed, failed; what (would have) changed.

    `stats` are what the playbook handed over by set_stats.
    """

    recap: dict[str, dict[str, int]] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    tasks: int = 0
    stats: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Playbook:
    """A playbook with its inventory directory, a directory for run artifacts, and secrets that only memory holds.

    `extra_inventory` is a file beside the stack's own; `variables` win over all others and hold no secret; `progress`
    shows a line. A run that did nothing on one of its machines has failed.
    """

    path: Path
    inventory: Path
    artifacts_root: Path
    secrets: Secrets
    extra_inventory: Path | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    progress: Callable[[str], None] | None = None

    @property
    def name(self) -> str:
        """What people know the run by."""
        return self.path.stem

    @cached_property
    def machines(self) -> list[str]:
        """The machines that its plays are for, of those in the inventories."""
        extra = [self.extra_inventory] if self.extra_inventory else []
        tree = InventoryTree.of_files(self.inventory / "hosts.yml", *extra)
        return sorted({name for play in plays_of(self.path) for name in tree.matching(str(play["hosts"]))})

    def run(self) -> Result:
        """Converge. Raises `ConvergeFailed` naming host, task and reason."""
        return self._play([])

    def check(self) -> Result:
        """Say what a converge would change, and change nothing. Raises `ConvergeFailed`."""
        return self._play(["--check", "--diff"])

    def _play(self, options: list[str]) -> Result:
        result = Result()
        log = self.progress or show_progress
        artifacts = private_directory(private_directory(self.artifacts_root) / self.name)
        with (
            _machine_locks(self.artifacts_root, self.machines, self.name, log),
            serve_secrets(json.dumps(self.secrets)) as secrets_path,
            # ssh's sockets: names have to be short, and a connection that the person holds open is not ours.
            tempfile.TemporaryDirectory(prefix="amanat-", ignore_cleanup_errors=True) as sockets,
        ):
            directory = Path(
                tempfile.mkdtemp(prefix=time.strftime("%Y%m%dT%H%M%SZ-", time.gmtime()), dir=artifacts)
            )
            extra = [str(self.extra_inventory)] if self.extra_inventory else []
            try:
                run = init_runner(
                    private_data_dir=str(directory),
                    project_dir=str(self.path.parent),
                    playbook=self.path.name,
                    inventory=[str(self.inventory), *extra],
                    extravars=dict(self.variables) or None,
                    cmdline=" ".join(options) or None,
                    event_handler=partial(
                        _note, result=result, name=self.name, began=time.monotonic(), log=log
                    ),
                    quiet=True,
                    # Without one, ansible-runner takes SIGINT and SIGTERM for itself, for good.
                    cancel_callback=lambda: False,
                )
                # It writes the environment to disk, so it gets no secret either.
                run.config.env = {
                    **ansible_environment.runner_environment(
                        run.config.env, directory / "home", Path(sockets)
                    ),
                    secrets_socket.VARIABLE: secrets_path,
                }
                run.run()
            finally:
                _forget_old(artifacts)
        if run.status != "successful":
            raise _failure(result, run, directory)
        _require_done(result, self.machines, directory)
        return result


def _note(event: dict[str, Any], result: Result, name: str, began: float, log: Callable[[str], None]) -> bool:
    kind = event.get("event", "")
    data = event.get("event_data", {})
    if kind == "playbook_on_task_start":
        result.tasks += 1
        log(f"[{name} {time.monotonic() - began:3.0f} s] task {result.tasks}: {_task(data)}")
    elif kind in ("runner_on_failed", "runner_on_unreachable"):
        if not data.get("ignore_errors"):
            result.failures.append(f"{data.get('host')}: {_task(data)}: {_reason(data.get('res', {}))}")
    elif kind == "runner_on_ok" and data.get("res", {}).get("changed"):
        result.changes.append(_change(data))
    elif kind == "playbook_on_stats":
        result.recap = {
            host: {
                count: int(data.get(count, {}).get(host, 0))
                for count in ("ok", "changed", "failures", "dark")
            }
            for host in sorted(data.get("processed", {}))
        }
        result.changes += _hidden_changes(result)
        result.stats = dict(data.get("artifact_data") or {})
    return False  # ansible-runner keeps no copy of the event


def _hidden_changes(result: Result) -> list[str]:
    """Ansible tells of a task that handles secrets only that it ended; whether it changed a host, the recap knows."""
    lines = []
    for host, counts in result.recap.items():
        hidden = counts["changed"] - sum(line.startswith(f"{host}: ") for line in result.changes)
        if hidden > 0:
            what, whose = ("change", "its task handles") if hidden == 1 else ("changes", "their tasks handle")
            lines.append(f"{host}: {hidden} more {what}, hidden because {whose} secrets")
    return lines


def _task(data: Mapping[str, Any]) -> str:
    name, role = str(data.get("task") or data.get("name") or "a task"), data.get("role")
    return f"{role}: {name.removeprefix(f'{role} : ')}" if role else name


def _reason(result: Mapping[str, Any]) -> str:
    items = [item for item in result.get("results") or [] if isinstance(item, dict) and item.get("failed")]
    if items:
        return "; ".join(f"{item.get('item')}: {_reason(item)}" for item in items[:3])
    for key in ("msg", "stderr", "module_stderr", "stdout", "reason"):
        text = str(result.get(key) or "").strip()
        if text and text != "non-zero return code":
            return text[:800]
    return "no reason given" if not result.get("censored") else "hidden, because the task handles secrets"


def _change(data: Mapping[str, Any]) -> str:
    result = data.get("res", {})
    place = result.get("dest") or result.get("path") or ""
    line = f"{data.get('host')}: {_task(data)}{f' ({place})' if place else ''}"
    return "\n".join([line, *_changed_lines(result.get("diff"))])


def _changed_lines(diff: object) -> list[str]:
    texts = [part for part in (diff if isinstance(diff, list) else [diff]) if isinstance(part, dict)]
    shown: list[str] = []
    for part in texts:
        before, after = str(part.get("before", "")).splitlines(), str(part.get("after", "")).splitlines()
        shown += [f"  - {line}" for line in before if line.strip() and line not in after]
        shown += [f"  + {line}" for line in after if line.strip() and line not in before]
    return shown[:DIFF_LINES]


def _require_done(result: Result, machines: Collection[str], directory: Path) -> None:
    """Raise `ConvergeFailed` when a run that ended well did nothing on a machine: an exit status proves nothing."""
    reached = {machine for machine, counts in result.recap.items() if counts.get("ok")}
    missed = sorted(set(machines) - reached)
    if missed or not reached:
        raise ConvergeFailed(
            what=f"Ansible ended well and did nothing on {listed(missed) if missed else 'any host'}",
            where=f"log: {directory}/artifacts",
            fix="See in the log why the hosts were left out, and run `make up` again.",
        )


def _failure(result: Result, run: ansible_runner.Runner, directory: Path) -> ConvergeFailed:
    output = Path(run.config.artifact_dir) / "stdout"
    log = output.read_text("utf-8", "replace") if output.exists() else ""
    reasons = list(dict.fromkeys(reversed(result.failures))) or [
        log.strip()[-600:] or f"Ansible ended as {run.status}"
    ]
    return ConvergeFailed(
        what="the hosts' configuration failed: " + "; ".join(reasons[:3]),
        where=f"log: {directory}/artifacts",
        fix="Remove the cause and run `make up` again; tasks that are done are not redone.",
    )


@contextmanager
def _machine_locks(
    artifacts_root: Path, machines: Collection[str], name: str, log: Callable[[str], None]
) -> Iterator[None]:
    """Exclusive locks of machines, held by the run called `name`: dpkg and handlers can't be shared.

    Who waits for a machine holds none meanwhile, so that it keeps nobody from the others.
    """
    told: set[str] = set()
    while True:
        try:
            locks = _all_locked(artifacts_root, machines, name)
        except _MachineBusy as busy:
            if busy.machine not in told:
                log(f"[{name}] waits: {busy.holder} is configuring {busy.machine}")
                told.add(busy.machine)
            with file_lock(_lock_file(artifacts_root, busy.machine), name=name):
                continue  # free now, and perhaps not the only one that was not
        with locks:
            yield
        return


class _MachineBusy(Exception):
    """Another run has a machine's lock."""

    def __init__(self, machine: str, holder: str) -> None:
        super().__init__(machine)
        self.machine, self.holder = machine, holder if holder != UNKNOWN else "another run"


def _all_locked(artifacts_root: Path, machines: Collection[str], name: str) -> ExitStack:
    """The locks of all machines. Raises `_MachineBusy`, and holds none, when another run has one of them."""

    def refuse(machine: str, holder: str) -> None:
        raise _MachineBusy(machine, holder)

    with ExitStack() as locks:
        for machine in sorted(machines):
            locks.enter_context(
                file_lock(_lock_file(artifacts_root, machine), partial(refuse, machine), name)
            )
        return locks.pop_all()


def _lock_file(artifacts_root: Path, machine: str) -> Path:
    return artifacts_root / f"{machine}.lock"


def _forget_old(artifacts_root: Path) -> None:
    directories = sorted(path for path in artifacts_root.iterdir() if path.is_dir())
    for path in directories[:-KEPT_RUNS]:
        shutil.rmtree(path, ignore_errors=True)
