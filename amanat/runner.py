"""One Ansible run through ansible-runner: progress while it works, the first failure told plainly, drift as a list."""

import fcntl
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible_runner
from ansible_runner.interface import init_runner

from amanat import ansible_environment
from amanat.errors import AmanatError, listed
from amanat.handover import handing
from amanat.places import private_directory
from amanat.progress import say

KEPT_RUNS = 5
DIFF_LINES = 6


class ConvergeFailed(AmanatError):
    """A task failed, or a host could not be reached."""


@dataclass
class Result:
    """What one run did: per host how many tasks were ok, changed, failed; and what (would have) changed."""

    recap: dict[str, dict[str, int]] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    tasks: int = 0


@dataclass(frozen=True)
class Playbook:
    """A playbook with its inventory directory, a directory for run artifacts, and secrets that only memory holds.

    `also` is an inventory beside the stack's own; `variables` win over all others and hold no secret; `tell` shows
    lines of progress. A run that did nothing on one of `hosts` has failed.
    """

    path: Path
    inventory: Path
    runs: Path
    secrets: Mapping[str, Any]
    also: Path | None = None
    hosts: Collection[str] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    tell: Callable[[str], None] | None = None

    def run(self) -> Result:
        """Converge. Raises `ConvergeFailed` naming host, task and reason."""
        return self._play([])

    def check(self) -> Result:
        """Say what a converge would change, and change nothing. Raises `ConvergeFailed`."""
        return self._play(["--check", "--diff"])

    def _play(self, options: list[str]) -> Result:
        result = Result()
        began = time.monotonic()
        private_directory(self.runs)
        with (
            _one_at_a_time(self.runs / "lock", self.tell or say),
            handing(json.dumps(dict(self.secrets))),
            # ssh's sockets: names have to be short, and a connection that the person holds open is not ours.
            tempfile.TemporaryDirectory(prefix="amanat-", ignore_cleanup_errors=True) as sockets,
        ):
            directory = Path(
                tempfile.mkdtemp(prefix=time.strftime("%Y%m%dT%H%M%SZ-", time.gmtime()), dir=self.runs)
            )
            try:
                run = init_runner(
                    private_data_dir=str(directory),
                    project_dir=str(self.path.parent),
                    playbook=self.path.name,
                    inventory=[str(self.inventory), *([str(self.also)] if self.also else [])],
                    extravars=dict(self.variables) or None,
                    cmdline=" ".join(options) or None,
                    event_handler=lambda event: _note(event, result, began, self.tell or say),
                    quiet=True,
                    # Without one, ansible-runner takes SIGINT and SIGTERM for itself, for good.
                    cancel_callback=lambda: False,
                )
                # It writes the environment to disk, so it gets no secret either.
                run.config.env = ansible_environment.runner_environment(
                    run.config.env, directory / "home", Path(sockets)
                )
                run.run()
            finally:
                _forget_old(self.runs)
        if run.status != "successful":
            raise _failure(result, run, directory)
        _require_done(result, self.hosts, directory)
        return result


def _note(event: dict[str, Any], result: Result, began: float, tell: Callable[[str], None]) -> bool:
    kind = event.get("event", "")
    data = event.get("event_data", {})
    if kind == "playbook_on_task_start":
        result.tasks += 1
        tell(f"[{time.monotonic() - began:4.0f} s] task {result.tasks}: {_task(data)}")
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


def _require_done(result: Result, hosts: Collection[str], directory: Path) -> None:
    """Raise `ConvergeFailed` when a run that ended well did nothing on a host: an exit status alone proves nothing."""
    worked = {host for host, counts in result.recap.items() if counts.get("ok")}
    missed = sorted(set(hosts) - worked)
    if missed or not worked:
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
        fix="Mend the cause and run `make up` again; tasks that are done are not redone.",
    )


@contextmanager
def _one_at_a_time(lock: Path, tell: Callable[[str], None]) -> Iterator[None]:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("another run is configuring these hosts: waiting for it to end")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _forget_old(runs: Path) -> None:
    directories = sorted(path for path in runs.iterdir() if path.is_dir())
    for path in directories[:-KEPT_RUNS]:
        shutil.rmtree(path, ignore_errors=True)
