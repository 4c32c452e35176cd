"""Restoring the archive, and proving by a drill that it could be: the operations behind `restore` and `drill`."""

import json
import secrets as random
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from amanat.ansible_environment import ANSIBLE
from amanat.audit import inventory as audited
from amanat.audit.hosts import Hosts
from amanat.audit.recorder import Recorder
from amanat.backups import Repository
from amanat.errors import AmanatError
from amanat.evidence import Redactor, Run, RunContext
from amanat.evidence.row import Memory
from amanat.evidence.run import new_name
from amanat.evidence.signature import signing_key
from amanat.inventory import Secrets, known_hosts_text, scratch_inventory_text
from amanat.network import Network
from amanat.paths import PROJECT_ROOT, StackPaths
from amanat.runner import Playbook
from amanat.settings import Settings
from amanat.stack import Stack
from amanat.targets import ScratchMachine
from amanat.variables import machine_variables, service_variables
from amanat_host import questions

PLAYBOOKS = ANSIBLE / "playbooks"
SCRATCH = "drill"
Tell = Callable[[str], None]
DRILLS = "/var/lib/amanat/drills/drills.jsonl"
DRILL_REQUIREMENTS = ("A5-6-1-durable", "A5-6-1-integrity")


class DrillFailed(AmanatError):
    """What was restored is not what was recorded."""


@dataclass(frozen=True)
class Restored:
    """What a restore brought back, and the seconds each step took."""

    values: Mapping[str, Any]

    @property
    def seconds(self) -> float:
        """From the start of the restore to a verified archive."""
        return float(sum(self.values["steps_seconds"].values()))


@dataclass(frozen=True)
class Drilled:
    """How a drill ended, and where its evidence lies."""

    values: Mapping[str, Any]
    evidence: Path


def repository(paths: StackPaths) -> Repository:
    """What the vault's repository holds, read as the auditor. Raises `NoBackup`, or `NotChecked` when it can't be."""
    with auditor(paths) as hosts:
        vault = hosts.service("vault")
        stanza = vault.ask(questions.REPOSITORY).stanza
        now = datetime.fromtimestamp(float(vault.read("date +%s.%N")), UTC)
    return Repository.of(stanza, now)


def restore(
    paths: StackPaths,
    target: datetime | None,
    reason: str,
    tell: Tell,
    *,
    cluster: int,
    lose_unsent: bool = False,
) -> Restored:
    """Replace the store's archive by a backup as of `target` (None: all that was archived).

    `cluster` is the system identifier of the database that the backups are of: only its log can still be sent to them.
    Log that can't is lost only if `lose_unsent`.
    Raises `ConvergeFailed`; then the store is down or half restored, and the same call again goes on.
    """
    stack = Stack(paths)
    secrets = stack.secrets()
    with _result() as result:
        variables = {
            "operation_target_time": _utc(target),
            "operation_reason": reason,
            "operation_cluster": str(cluster),
            "operation_lose_unsent": lose_unsent,
            "operation_result": str(result),
        }
        Playbook(
            PLAYBOOKS / "restore.yml",
            paths.inventory,
            paths.ansible_artifacts,
            secrets,
            variables=variables,
            progress=tell,
        ).run()
        return Restored(json.loads(result.read_text("utf-8")))


def drill(paths: StackPaths, target: datetime | None, tell: Tell) -> Drilled:
    """Restore on a scratch host as of `target` (None: now), compare, keep the evidence, remove the host.

    Raises `DrillFailed` when what came back isn't what was recorded, `ConvergeFailed` when nothing came back, which the
    vault has on record then, or when it couldn't be tried.
    """
    stack = Stack(paths)
    outputs = stack.outputs()
    secrets = _with_scratch(stack.secrets())
    own = yaml.safe_load(paths.hosts_file.read_text("utf-8"))["all"]["vars"]
    settings = Settings.of(paths)
    network = Network.from_json(outputs["network"])
    with (
        stack.target.scratch_machine(
            SCRATCH,
            network=network,
            deploy_public_key=own["base_deploy_public_key"],
            environment=stack.environment(),
        ) as machine,
        _scratch_inventory(paths, machine, settings, network) as beside,
        _result() as result,
    ):
        variables = {"operation_target_time": _utc(target), "operation_result": str(result)}
        Playbook(
            PLAYBOOKS / "drill.yml",
            paths.inventory,
            paths.ansible_artifacts,
            secrets,
            extra_inventory=beside,
            variables=variables,
            progress=tell,
        ).run()
        values = json.loads(result.read_text("utf-8"))
    kept = _evidence(paths, values)
    if not values["passed"]:
        raise DrillFailed(
            what_differs(values),
            str(kept),
            "Don't trust the backups: see `pgbackrest verify` on the vault and the archive's verifier on the store;"
            " for files, `restic check` on the vault.",
        )
    return Drilled(values, kept)


def what_differs(values: Mapping[str, Any]) -> str:
    """Why a drill proved nothing, of what it wrote down."""
    reasons = [
        (len(values["missing_heads"]), "the restored archive lacks {} anchored heads"),
        (len(values["strange_heads"]), "the restored archive has {} heads that the store never had"),
        *(
            (len(copy["different"]), f"{{}} files of the copy of {host} are not those of the host")
            for host, copy in values["copies"].items()
        ),
        *(
            (not copy["same"], f"the copy of {host} has no file to compare")
            for host, copy in values["copies"].items()
        ),
    ]
    return (
        "; ".join(text.format(count) for count, text in reasons if count)
        or "the restored archive doesn't verify"
    )


def last_drill(paths: StackPaths) -> datetime | None:
    """When the last drill ended, by what the vault has on record; None if it failed. Raises `Unreachable`."""
    with auditor(paths) as hosts:
        lines = hosts.service("vault").run(f"cat {DRILLS}").stdout.splitlines()
    last: dict[str, Any] = json.loads(lines[-1]) if lines else {"passed": False}
    return datetime.fromisoformat(last["at"]) if last["passed"] else None


@contextmanager
def auditor(paths: StackPaths) -> Iterator[Hosts]:
    """The stack's hosts as the auditor sees them; nothing is recorded. Raises BadInput without an inventory."""
    machines = audited.read(paths.hosts_file, audited.DEFAULT_USER, paths.auditor_key)
    hosts = Hosts(machines, Recorder(Redactor()))
    try:
        yield hosts
    finally:
        hosts.close()


def _with_scratch(secrets: Secrets) -> Secrets:
    """The secrets of a drill: the scratch machine has the store's, but for a key of its own for its volume."""
    scratch = {**secrets["groups"]["store"], "volume_key": random.token_hex(32)}
    return {"groups": secrets["groups"], "machines": {**secrets["machines"], SCRATCH: scratch}}


@contextmanager
def _scratch_inventory(
    paths: StackPaths, machine: ScratchMachine, settings: Settings, network: Network
) -> Iterator[Path]:
    variables = {
        "ansible_host": machine.ssh_host,
        "ansible_port": machine.ssh_port,
        **machine_variables(machine.name, settings, paths, network),
        **service_variables(SCRATCH, settings, network),
    }
    with tempfile.TemporaryDirectory(prefix="amanat-drill-") as directory:
        known_hosts = Path(directory) / "known_hosts"
        known_hosts.write_text(
            known_hosts_text({(machine.ssh_host, machine.ssh_port): machine.host_key}), "utf-8"
        )
        hosts = Path(directory) / "hosts.yml"
        hosts.write_text(scratch_inventory_text(known_hosts, machine.name, variables), "utf-8")
        yield hosts


def has_backups(paths: StackPaths) -> bool:
    """Whether the stack has both what is backed up and what keeps the backups."""
    placement = Settings.of(paths).machines
    return placement.carries("store") and placement.carries("vault")


def require_backups(paths: StackPaths) -> None:
    """Raise `NotPlaced` unless the stack has both what is backed up and what keeps the backups."""
    for service in ("store", "vault"):
        Settings.of(paths).machines.machine_of(service)


@contextmanager
def _result() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="amanat-result-") as directory:
        yield Path(directory) / "result.json"


def _utc(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else ""


def _evidence(paths: StackPaths, values: Mapping[str, Any]) -> Path:
    directory = paths.evidence / "drills" / new_name()
    context = RunContext.of(paths.stack, PROJECT_ROOT, paths.hosts_file)
    plan = {"what": "restore drill", "requirements": list(DRILL_REQUIREMENTS)}
    key = paths.evidence_key
    run = Run.start(directory, context, signing_key(key), Redactor(), plan, Memory.beside(key))
    run.record("drill", dict(values), requirements=DRILL_REQUIREMENTS)
    run.finish(dict(values))
    return directory
