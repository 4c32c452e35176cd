"""One audit from its options to its verdicts; pytest only drives it."""

import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from amanat.audit import inventory, secrets, waivers
from amanat.audit.errors import NotChecked
from amanat.audit.hosts import Hosts
from amanat.audit.options import Options
from amanat.audit.recorder import Recorder
from amanat.audit.verdicts import Check, Judgement, Outcome, Reason, green, judge
from amanat.evidence import Redactor, Run, RunContext
from amanat.evidence.row import Memory
from amanat.evidence.signature import signing_key
from amanat.law import register
from amanat.paths import PROJECT_ROOT
from amanat.requirement import ServiceName

SUMMARY = "summary.json"
JUNIT = "junit.xml"
DID_NOT_RUN = "it was collected but did not run"
NOT_CHOSEN = "it was not chosen for this audit, so it did not run"


class Audit:
    """Collects checks, records their probes, judges, and closes the evidence.

    Raises `BadInput` when it is made with an unknown `--only` id, wrong waivers or a wrong key.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.register = register()
        for one in options.only:
            _ = self.register[one]
        self.waivers = waivers.load(options.waivers, self.register.requirements)
        self.recorder = Recorder(Redactor())
        self.planned: dict[str, tuple[tuple[str, ...], str]] = {}
        self.chosen: set[str] = set()
        self.checks: dict[str, Check] = {}
        self.judgements: dict[str, Judgement] = {}
        self.secrets_problem: NotChecked | None = None

    @property
    def run_directory(self) -> Path:
        return self.options.evidence / self.options.run

    @cached_property
    def secrets(self) -> dict[str, Any]:
        """The stack's secrets, or none when they can't be read: then what needs them is not-checked."""
        try:
            return secrets.of_inventory(self.options.secrets)
        except NotChecked as problem:
            self.secrets_problem = problem
            return {}

    @cached_property
    def audited_hosts(self) -> dict[str, inventory.AuditedHost]:
        """The inventory's machines by name; raises `BadInventory`."""
        options = self.options
        return inventory.read(options.inventory, options.auditor_user, options.auditor_key)

    @cached_property
    def hosts(self) -> Hosts:
        return Hosts(self.audited_hosts, self.recorder)

    def carriers(self) -> dict[str, list[str]]:
        """Service of the register -> the machines that carry it; none where the stack leaves it out."""
        return {
            service: [name for name, audited in self.audited_hosts.items() if audited.carries(service)]
            for service in get_args(ServiceName)
        }

    def plan(self, test: str, requirements: tuple[str, ...], proves: str, *, chosen: bool) -> None:
        """Remember a check, so that it can't get lost; `chosen` tells whether this audit is to run it."""
        self.planned[test] = (requirements, proves)
        if chosen:
            self.chosen.add(test)

    def start(self) -> None:
        """Find the hosts and open the run; raises `BadInput` or `EvidenceNotWritten`."""
        self.recorder.redact.add(*secrets.values(self.secrets))
        plan = {
            "hosts": {
                name: f"{host.audited.user}@{host.address}:{host.audited.port}"
                for name, host in self.hosts.items()
            },
            "tests": {test: list(ids) for test, (ids, _) in self.planned.items()},
            "requirements": list(self.options.only) or list(self.register.requirements),
        }
        context = RunContext.of(self.options.stack, PROJECT_ROOT, self.options.inventory)
        key = self.options.signing_key
        self.recorder.run = Run.start(
            self.run_directory, context, signing_key(key), self.recorder.redact, plan, Memory.beside(key)
        )

    def start_background(self, commands: Iterable[tuple[str, str, float]]) -> None:
        """Start what takes long: (machine or service, command, seconds). Where none answers, checks will say so."""
        for name, command, seconds in commands:
            with contextlib.suppress(NotChecked):
                host = self.hosts[name] if name in self.hosts else self.hosts.service(name)
                host.start_background(command, seconds=seconds)

    def note(self, test: str, outcome: Outcome, reason: Reason | None) -> None:
        """Take down how a check ended; a failure in its teardown replaces a pass."""
        before = self.checks.get(test)
        if before and (before.outcome is not Outcome.PASSED or outcome is Outcome.PASSED):
            return
        requirements, proves = self.planned[test]
        self.checks[test] = Check(
            test=test,
            proves=proves,
            requirements=requirements,
            outcome=outcome,
            reason=reason,
            hosts=tuple(sorted(self.recorder.hosts[test])),
            evidence=tuple(self.recorder.evidence[test]),
        )

    def finish(self, attachments: Sequence[Path]) -> bool:
        """Judge, write the summary, sign. Returns whether the audit passes; raises `EvidenceNotWritten`."""
        for test in self.planned.keys() - self.checks.keys():
            why = DID_NOT_RUN if test in self.chosen else NOT_CHOSEN
            self.note(test, Outcome.NOT_CHECKED, Reason(why))
        checks = [self.checks[test] for test in self.planned]
        today = datetime.now(UTC).date()
        absent = [service for service, machines in self.carriers().items() if not machines]
        self.judgements = judge(self.register, checks, self.waivers, today, self.options.only, absent)
        run = self.recorder.run
        if run is not None:
            result = self.result()
            (run.directory / SUMMARY).write_text(
                json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8"
            )
            kept = [SUMMARY, *(path.name for path in attachments if path.is_file())]
            run.finish({**result, "checks": [check.as_json() for check in checks]}, attachments=kept)
        return green(self.judgements)

    def result(self) -> Mapping[str, Any]:
        """The verdicts as JSON, secrets redacted."""
        redact = self.recorder.redact
        verdicts = {one: judgement.as_json() for one, judgement in self.judgements.items()}
        text = redact(json.dumps(verdicts, ensure_ascii=False))
        return {
            "stack": self.options.stack,
            "run": str(self.run_directory),
            "green": green(self.judgements),
            "requirements": json.loads(text),
        }

    def close(self, *, at_once: bool = False) -> None:
        """Leave no connection open; `at_once` also ends what runs on hosts and nobody waits for any more."""
        if "hosts" in self.__dict__:
            self.hosts.close(at_once=at_once)
