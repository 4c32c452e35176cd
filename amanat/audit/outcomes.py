"""From pytest's report of one phase of a test to the audit's outcome, with expected and actual."""

import reprlib
from dataclasses import dataclass

import pytest

from amanat.audit.closed_world import Unexpected
from amanat.audit.errors import NotChecked, NotDeclared
from amanat.audit.verdicts import Outcome, Reason
from amanat.errors import AmanatError
from amanat.evidence import Redactor

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 200
_SHORT.maxlist = _SHORT.maxdict = _SHORT.maxset = _SHORT.maxtuple = 12


@dataclass
class Compared:
    """The comparison that failed last: `actual op expected`."""

    actual: str = ""
    expected: str = ""

    def remember(self, op: str, left: object, right: object) -> None:
        """Keep both sides of a failed comparison as short texts."""
        if op in ("in", "not in"):
            left, right, op = right, left, {"in": "with", "not in": "without"}[op]
        self.actual = _SHORT.repr(left)
        self.expected = _SHORT.repr(right) if op == "==" else f"{op} {_SHORT.repr(right)}"

    def forget(self) -> None:
        """A new check begins."""
        self.actual = self.expected = ""


def outcome_of(
    call: pytest.CallInfo[None], report: pytest.TestReport, compared: Compared, proves: str
) -> tuple[Outcome, Reason | None]:
    """How this phase ended.

    Only a failed assertion says that the law is not kept, a fixture's too. A skip, an expected failure, an error in
    a fixture or in the check itself measured nothing: not-checked.
    """
    raised = call.excinfo.value if call.excinfo else None
    if hasattr(report, "wasxfail"):
        return Outcome.NOT_CHECKED, Reason(f"marked as an expected failure: {report.wasxfail or 'no reason'}")
    if report.passed:
        return Outcome.PASSED, None
    if isinstance(raised, NotDeclared):
        return Outcome.NOT_DECLARED, Reason(str(raised))
    if isinstance(raised, NotChecked):
        return Outcome.NOT_CHECKED, Reason(str(raised))
    if report.skipped:
        return Outcome.NOT_CHECKED, Reason(f"skipped: {raised or _last(report)}")
    is_measured = call.when in ("setup", "call")
    if is_measured and isinstance(raised, Unexpected):
        return Outcome.FAILED, Reason(str(raised), items=raised.items)
    if is_measured and isinstance(raised, AssertionError | pytest.fail.Exception):
        return Outcome.FAILED, _unmet(str(raised), compared, proves)
    return Outcome.NOT_CHECKED, Reason(_broken(call, raised))


def redacted(report: pytest.TestReport, redact: Redactor) -> None:
    """Take secrets out of everything that pytest or JUnit will print of this report."""
    report.sections = [(title, redact(text)) for title, text in report.sections]
    text = report.longreprtext
    if text and redact(text) != text:
        report.longrepr = redact(text)


def _unmet(message: str, compared: Compared, proves: str) -> Reason:
    own, separator, rest = message.partition("assert ")
    said = own.strip()
    if compared.actual:
        return Reason(said or proves, compared.expected, compared.actual)
    first = rest.splitlines()[0] if separator and rest else ""
    return Reason(said or f"{proves} ({first})" if first else said or proves)


def _broken(call: pytest.CallInfo[None], raised: BaseException | None) -> str:
    if isinstance(raised, AmanatError):
        return str(raised)
    place = {"setup": "its fixture", "teardown": "its clean-up"}.get(call.when, "the check itself")
    kind = type(raised).__name__ if raised else "error"
    return f"{place} broke: {kind}: {' '.join(str(raised).split())[:300]}"


def _last(report: pytest.TestReport) -> str:
    return str(report.longrepr[-1]) if isinstance(report.longrepr, tuple) else ""
