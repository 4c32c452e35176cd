"""The audit's last words on the terminal: a line per requirement, and why where it isn't satisfied."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from amanat.audit.verdicts import Judgement, Verdict, green
from amanat.evidence.output import printable
from amanat.law import Register

_MARK = {
    Verdict.SATISFIED: "+",
    Verdict.NOT_SATISFIED: "✗",
    Verdict.NOT_CHECKED: "?",
    Verdict.WAIVED: "~",
    Verdict.DECLARED: "·",
    Verdict.NOT_DECLARED: "·",
    Verdict.NOT_BUILT: "·",
    Verdict.INFORMATIVE: "·",
    Verdict.NOT_SELECTED: "·",
}
_COLOUR = {
    Verdict.SATISFIED: "green",
    Verdict.NOT_SATISFIED: "red",
    Verdict.NOT_CHECKED: "red",
    Verdict.WAIVED: "yellow",
}
_EXPLAINED = (Verdict.NOT_SATISFIED, Verdict.NOT_CHECKED, Verdict.NOT_DECLARED, Verdict.WAIVED)
_LONGEST_REASON = 600


def lines(register: Register, judgements: Mapping[str, Judgement]) -> Iterator[tuple[str, str | None]]:
    """Each line of the summary with its colour (None for none)."""
    shown = {one: j for one, j in judgements.items() if j.verdict is not Verdict.NOT_SELECTED}
    if not shown:
        return
    ids = max(map(len, shown))
    places = max(len(register.citation(one)) for one in shown)
    for one, judgement in shown.items():
        verdict = judgement.verdict
        count = f"{judgement.passed}/{len(judgement.checks)}" if judgement.checks else ""
        head = f"{_MARK[verdict]} {one:<{ids}}  {register.citation(one):<{places}}  {verdict:<13}  {count:>5}"
        yield head.rstrip(), _COLOUR.get(verdict)
        if verdict in _EXPLAINED or judgement.waiver:
            for line in _short(judgement.reason).splitlines():
                yield f"    {line}", None


def last_line(judgements: Mapping[str, Judgement], run: Path) -> tuple[str, bool]:
    """The audit in one sentence, and whether it passes."""
    count = dict.fromkeys(Verdict, 0)
    for judgement in judgements.values():
        count[judgement.verdict] += 1
    counts = ", ".join(f"{number} {verdict}" for verdict, number in count.items() if number)
    return f"{counts}; evidence: {run}", green(judgements)


def _short(reason: str) -> str:
    text = printable(reason.strip())
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]} …"
