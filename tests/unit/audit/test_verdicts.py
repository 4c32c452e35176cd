"""From checks and waivers to verdicts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from amanat.audit.report import last_line, lines
from amanat.audit.verdicts import Check, Outcome, Reason, Verdict, green, judge
from amanat.audit.waivers import BadWaiver, Waiver, load
from amanat.errors import BadInput
from amanat.law import register

TODAY = date(2025, 11, 22)
ONE = "U-currency"


def check(outcome: Outcome, hosts: Sequence[str] = ("store",), reason: str = "why") -> Check:
    return Check("p.py::t", "it holds", (ONE,), outcome, Reason(reason), tuple(hosts))


def waiver(
    granted: date = date(2025, 1, 1),
    expires: date = date(2026, 1, 1),
    hosts: Sequence[str] = (),
    items: Sequence[str] = (),
) -> Waiver:
    return Waiver(
        requirement=ONE,
        authority="The union",
        reason="Soon",
        granted=granted,
        expires=expires,
        hosts=tuple(hosts),
        items=tuple(items),
    )


def verdict(*checks: Check, waived: Waiver | None = None) -> tuple[Verdict, str]:
    judged = judge(register(), checks, {ONE: waived} if waived else {}, TODAY)[ONE]
    return judged.verdict, judged.reason


PASSED, FAILED, UNCHECKED, UNDECLARED = (check(outcome) for outcome in Outcome)


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ((PASSED, PASSED), Verdict.SATISFIED),
        ((PASSED, FAILED), Verdict.NOT_SATISFIED),
        ((PASSED, UNCHECKED), Verdict.NOT_CHECKED),
        ((UNCHECKED, FAILED), Verdict.NOT_SATISFIED),
        ((PASSED, UNDECLARED), Verdict.NOT_DECLARED),
        ((UNDECLARED, UNCHECKED), Verdict.NOT_CHECKED),
        ((UNDECLARED, FAILED), Verdict.NOT_SATISFIED),
        ((), Verdict.NOT_CHECKED),
    ],
)
def test_the_worst_check_decides(checks: tuple[Check, ...], expected: Verdict) -> None:
    assert verdict(*checks)[0] is expected


@pytest.mark.parametrize(
    ("waived", "expected", "said"),
    [
        (waiver(), Verdict.WAIVED, "waived by The union until 2026-01-01 (1404-10-11): Soon [why]"),
        (waiver(expires=TODAY), Verdict.WAIVED, "until 2025-11-22 (1404-09-01)"),
        (
            waiver(expires=date(2025, 11, 21)),
            Verdict.NOT_SATISFIED,
            "[the waiver expired on 2025-11-21 (1404-08-30)]",
        ),
        (
            waiver(granted=date(2025, 11, 23)),
            Verdict.NOT_SATISFIED,
            "[the waiver begins on 2025-11-23 (1404-09-02)]",
        ),
        (waiver(hosts=["store", "desk"]), Verdict.WAIVED, "Soon"),
        (waiver(hosts=["desk"]), Verdict.NOT_SATISFIED, "[waived for other hosts only]"),
    ],
)
def test_a_waiver_holds_for_its_days_and_hosts(waived: Waiver, expected: Verdict, said: str) -> None:
    found = verdict(FAILED, waived=waived)
    assert found[0] is expected
    assert said in found[1]


def test_a_host_waiver_does_not_cover_a_failure_without_a_host() -> None:
    assert (
        verdict(check(Outcome.FAILED, hosts=()), waived=waiver(hosts=["store"]))[0] is Verdict.NOT_SATISFIED
    )


@pytest.mark.parametrize(
    ("items", "found", "expected"),
    [
        (["account relay"], ("account relay",), Verdict.WAIVED),
        (["account relay", "group relay"], ("account relay",), Verdict.WAIVED),
        (["account relay"], ("account relay", "account mallory"), Verdict.NOT_SATISFIED),
        (["account relay"], (), Verdict.NOT_SATISFIED),
        ([], ("account mallory",), Verdict.WAIVED),
    ],
)
def test_a_waiver_of_items_excuses_nothing_else(
    items: list[str], found: tuple[str, ...], expected: Verdict
) -> None:
    failed = replace(FAILED, reason=Reason("why", items=found))
    assert verdict(failed, waived=waiver(items=items))[0] is expected


def test_a_needless_waiver_is_told() -> None:
    assert verdict(PASSED, waived=waiver()) == (Verdict.SATISFIED, "the waiver is not needed: remove it")


def test_an_audit_is_green_only_when_all_is_measured() -> None:
    law = register()
    passed = [Check("t", "p", (one.id,), Outcome.PASSED) for one in law.automated_now()]
    assert green(judge(law, passed, {}, TODAY))
    assert not green(judge(law, passed[1:], {}, TODAY))
    assert green(judge(law, passed[:1], {}, TODAY, selected=passed[0].requirements))
    assert not green({})


def test_every_requirement_is_judged_whatever_was_collected() -> None:
    assert list(judge(register(), (), {}, TODAY)) == list(register().requirements)


def test_the_report_shows_a_hosts_words_harmlessly() -> None:
    judged = judge(register(), [check(Outcome.FAILED, reason="\x1b[2Jgone\u202e" + "x" * 5000)], {}, TODAY)
    text = "\n".join(line for line, _ in lines(register(), judged))
    assert "\\x1b[2Jgone\\x202e" in text
    assert max(map(len, text.splitlines())) < 700
    assert "1 not-satisfied" in last_line(judged, Path("run"))[0]


GOOD = "requirement: U-currency, authority: The union, reason: Soon, granted: 2025-01-01, expires: 2026-01-01"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("waivers: {}", "waivers are a list"),
        ("", "waivers are a list"),
        ("[]", "waivers are a list"),
        ("waivers: []\nmore: 1", "waivers are a list"),
        ("waivers: [1]", "line 1"),
        (f"waivers: [{{{GOOD}, approver: me}}]", "approver: Extra inputs are not permitted"),
        (f"waivers: [{{{GOOD.replace('2026-01-01', 'never')}}}]", "expires"),
        (
            f"waivers: [{{{GOOD.replace('2026-01-01', '2024-01-01')}}}]",
            "expires 2024-01-01 (1402-10-11) is not after granted 2025-01-01 (1403-10-12)",
        ),
        (f"waivers: [{{{GOOD.replace('Soon', '')}}}]", "reason"),
        (f"waivers: [{{{GOOD.replace('U-currency', 'U-money')}}}]", "U-money is not a requirement"),
        (f"waivers: [{{{GOOD}}}, {{{GOOD}}}]", "U-currency is waived twice"),
        (f"waivers: [{{{GOOD.replace('2026-01-01', '1405-12-30')}}}]", "has no 1405-12-30"),
        (f"waivers: [{{{GOOD.replace('2026-01-01', '2026-02-31')}}}]", "has no 2026-02-31"),
        (f"waivers: [{{{GOOD.replace('2026-01-01', '0405-08-10')}}}]", "the year 405 is neither"),
        (f"waivers: [{{{GOOD.replace('2026-01-01', '1767225600')}}}]", "is not a date"),
        ("waivers: [", "is not YAML"),
        ("waivers:\n  - {requirement: U-currency}\n", "waivers.yaml line 2"),
    ],
)
def test_wrong_waivers_are_refused_with_their_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "waivers.yaml"
    path.write_text(text)
    with pytest.raises(BadInput) as refused:
        load(path, register().requirements)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "text", ["1404-10-11", "1404/10/11", "'1404-10-11'", "۱۴۰۴-۱۰-۱۱", "2026-01-01", "20260101"]
)
def test_a_waivers_days_are_of_either_calendar(tmp_path: Path, text: str) -> None:
    path = tmp_path / "waivers.yaml"
    path.write_text(f"waivers: [{{{GOOD.replace('2026-01-01', text)}}}]", "utf-8")
    assert load(path, register().requirements)["U-currency"].expires == date(2026, 1, 1)


def test_no_file_means_no_waiver(tmp_path: Path) -> None:
    assert load(tmp_path / "none.yaml", register().requirements) == {}


def test_the_projects_own_waivers_are_well_formed() -> None:
    load(Path(__file__).parents[3] / "policies/waivers.yaml", register().requirements)


def test_a_refusal_of_the_whole_file_is_a_waivers_refusal(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    path.write_text("waivers: 3")
    with pytest.raises(BadWaiver):
        load(path, register().requirements)
