"""From what the checks found to one verdict per requirement."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from amanat.audit.waivers import Waiver
from amanat.calendars import both
from amanat.errors import listed
from amanat.law import Register
from amanat.requirement import Requirement


class Outcome(StrEnum):
    """How one check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not-checked"
    NOT_DECLARED = "not-declared"


class Verdict(StrEnum):
    """What the audit says of one requirement."""

    SATISFIED = "satisfied"
    NOT_SATISFIED = "not-satisfied"
    NOT_CHECKED = "not-checked"
    WAIVED = "waived"
    DECLARED = "declared"
    NOT_DECLARED = "not-declared"  # the operator states nothing to measure: no failure, and never satisfied
    NOT_BUILT = "not-built"  # automated in principle; this release has no service for it yet
    INFORMATIVE = "informative"
    NOT_SELECTED = "not-selected"


FAILING = frozenset({Verdict.NOT_SATISFIED, Verdict.NOT_CHECKED})


@dataclass(frozen=True)
class Reason:
    """Why a check did not pass, in words; `expected` and `actual` where it compared two things.

    `items` names each thing that a whole state has otherwise than expected; empty where a check measures one thing.
    """

    text: str
    expected: str = ""
    actual: str = ""
    items: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "items": list(self.items)}

    def __str__(self) -> str:
        if self.expected or self.actual:
            return f"{self.text}: expected {self.expected}, actual {self.actual}"
        return self.text


@dataclass(frozen=True)
class Check:
    """One policy test and how it ended."""

    test: str
    proves: str
    requirements: tuple[str, ...]
    outcome: Outcome
    reason: Reason | None = None
    hosts: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        why = self.reason
        return {
            "test": self.test,
            "proves": self.proves,
            "requirements": list(self.requirements),
            "outcome": self.outcome.value,
            "reason": why.as_json() if why else None,
            "hosts": list(self.hosts),
            "evidence": list(self.evidence),
        }


@dataclass(frozen=True)
class Judgement:
    """The verdict on one requirement and what it rests on."""

    requirement: Requirement
    verdict: Verdict
    reason: str = ""
    checks: tuple[Check, ...] = ()
    waiver: Waiver | None = field(default=None)

    @property
    def passed(self) -> int:
        return sum(check.outcome is Outcome.PASSED for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict.value,
            "origin": self.requirement.origin,
            "reason": self.reason,
            "passed": self.passed,
            "checks": len(self.checks),
            "tests": [check.test for check in self.checks],
            "waiver": self.waiver.model_dump(mode="json") if self.waiver else None,
            "later": [f"{one.what} ({one.arrives_with})" for one in self.requirement.later],
        }


def judge(
    register: Register,
    checks: Sequence[Check],
    waivers: Mapping[str, Waiver],
    today: date,
    selected: Collection[str] = (),
    absent: Collection[str] = (),
) -> dict[str, Judgement]:
    """One judgement for every requirement of the register, none left out.

    Args:
        register: the law.
        checks: every check that was collected, run or not.
        waivers: by requirement id.
        today: the day that waivers are measured against.
        selected: the ids asked for; empty means all.
        absent: the services that no machine carries: what is to be measured on them is not.
    """
    return {
        one.id: _judged(
            one,
            [c for c in checks if one.id in c.requirements],
            waivers.get(one.id),
            today,
            [service for service in one.services if service in absent],
        )
        if not selected or one.id in selected
        else Judgement(one, Verdict.NOT_SELECTED)
        for one in register.requirements.values()
    }


def green(judgements: Mapping[str, Judgement]) -> bool:
    """Whether the audit passes: something was measured, nothing failed, nothing was left unchecked."""
    verdicts = {one.verdict for one in judgements.values()}
    return not verdicts & FAILING and bool(verdicts - {Verdict.NOT_SELECTED})


def _judged(
    requirement: Requirement, checks: list[Check], waiver: Waiver | None, today: date, absent: Sequence[str]
) -> Judgement:
    if not checks and not (requirement.is_automated and requirement.built):
        return _unmeasured(requirement)
    verdict, reason = _measured(checks, absent)
    if waiver is None:
        return Judgement(requirement, verdict, reason, tuple(checks))
    if verdict not in FAILING:
        return Judgement(requirement, verdict, "the waiver is not needed: remove it", tuple(checks), waiver)
    if not waiver.in_force(today):
        state = "expired on" if today > waiver.expires else "begins on"
        day = waiver.expires if today > waiver.expires else waiver.granted
        return Judgement(
            requirement, verdict, f"{reason} [the waiver {state} {both(day)}]", tuple(checks), waiver
        )
    failing = [check for check in checks if check.outcome is not Outcome.PASSED]
    if not waiver.covers({host for check in failing for host in check.hosts}):
        return Judgement(
            requirement, verdict, f"{reason} [waived for other hosts only]", tuple(checks), waiver
        )
    if not all(waiver.accepts(check.reason.items if check.reason else ()) for check in failing):
        return Judgement(
            requirement, verdict, f"{reason} [waived for other items only]", tuple(checks), waiver
        )
    accepted = f"waived by {waiver.authority} until {both(waiver.expires)}: {waiver.reason} [{reason}]"
    return Judgement(requirement, Verdict.WAIVED, accepted, tuple(checks), waiver)


def _unmeasured(requirement: Requirement) -> Judgement:
    if requirement.is_automated:
        hosts = ", ".join(dict.fromkeys(one.arrives_with for one in requirement.later))
        return Judgement(requirement, Verdict.NOT_BUILT, f"comes with: {hosts}")
    if requirement.is_declared:
        return Judgement(requirement, Verdict.DECLARED, "the operator's own statement")
    return Judgement(requirement, Verdict.INFORMATIVE)


def _measured(checks: list[Check], absent: Sequence[str]) -> tuple[Verdict, str]:
    if not checks:
        return Verdict.NOT_CHECKED, "no check of it was collected"
    failed, unchecked, undeclared = (
        next((check for check in checks if check.outcome is outcome), None)
        for outcome in (Outcome.FAILED, Outcome.NOT_CHECKED, Outcome.NOT_DECLARED)
    )
    lacking = f"no machine carries {listed(absent, 'or')}" if absent else ""
    if failed:
        why = str(failed.reason or failed.proves)
        return Verdict.NOT_SATISFIED, f"{why} [{lacking}]" if lacking else why
    if lacking:
        return Verdict.NOT_CHECKED, f"{lacking}, so it is not proven there"
    if unchecked:
        return Verdict.NOT_CHECKED, str(unchecked.reason or unchecked.proves)
    if undeclared:
        return Verdict.NOT_DECLARED, str(undeclared.reason or undeclared.proves)
    return Verdict.SATISFIED, ""
