"""Compares the whole state of a machine with what its services need: what nobody expects is a finding."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field

from amanat.audit import by_service
from amanat.audit.by_service import Block, BrokenExpectations, ByService
from amanat.paths import PROJECT_ROOT
from amanat.strict_model import StrictModel
from amanat_host.answers.state import State

DIRECTORY = PROJECT_ROOT / "policies" / "expected_state"
MOST_SHOWN = 40  # findings in a message; the evidence has the whole state
LONGEST_SHOWN = 300  # characters of one value
# A name in an expectation that stands for what differs from stack to stack: <address>, <key of deploy>.
PLACEHOLDER = re.compile(r"<(?:machine|address|controller|(?:machine|address|key) of [a-z]+)>")

# The one that a rule of the firewall lets in.
SOURCE = re.compile(r"\bip saddr (<address of [a-z]+>)")

Kind = Literal["unexpected", "missing", "different"]


def _compiles(text: str) -> str:
    try:
        re.compile(PLACEHOLDER.sub("x", text))
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return text


Regex = Annotated[str, AfterValidator(_compiles)]


class Pattern(StrictModel):
    """Items that may be there, whose names or values can't be known beforehand; both match as a whole."""

    item: Regex
    value: Regex
    why: Annotated[str, Field(min_length=10)]
    required: bool = False  # whether at least one must be there


class ExpectedState(Block):
    """What a machine is to be in one dimension: items that are there with these values, and what else may be."""

    exactly: Mapping[str, str] = Field(default_factory=dict)
    patterns: tuple[Pattern, ...] = ()

    def __or__(self, other: Self) -> Self:
        """What a machine is to be of which both are expected. Raises BrokenExpectations where they contradict."""
        if differing := sorted(
            item for item, value in self.exactly.items() if other.exactly.get(item, value) != value
        ):
            raise BrokenExpectations(
                f"two services expect different values of {', '.join(differing[:5])}",
                str(DIRECTORY),
                "Name the item after the service that it is of, or take it apart.",
            )
        patterns = dict.fromkeys((*self.patterns, *other.patterns))
        return type(self)(exactly={**self.exactly, **other.exactly}, patterns=tuple(patterns))

    def resolved(self, names: Mapping[str, str]) -> Self:
        """With the placeholders replaced by what they stand for; an item of a machine that isn't there is left out.

        So is a rule that would let the machine itself in: what two of its services say to each other needs none.
        """
        exactly = {
            substituted(item, names): substituted(value, names)
            for item, value in self.exactly.items()
            if _known(item, names) and _known(value, names) and not _is_from_itself(item, names)
        }
        quoted = {name: re.escape(value) for name, value in names.items()}
        patterns = [
            one.model_copy(
                update={"item": substituted(one.item, quoted), "value": substituted(one.value, quoted)}
            )
            for one in self.patterns
            if _known(one.item, names) and _known(one.value, names)
        ]
        return type(self)(exactly=exactly, patterns=tuple(patterns))


def _known(text: str, names: Mapping[str, str]) -> bool:
    return {*PLACEHOLDER.findall(text)} <= names.keys()


def _is_from_itself(item: str, names: Mapping[str, str]) -> bool:
    source = SOURCE.search(item)
    return source is not None and names[source.group(1)] == names.get("<address>")


def substituted(text: str, names: Mapping[str, str]) -> str:
    """A text with its placeholders replaced by what they stand for; those that stand for nothing stay."""
    return PLACEHOLDER.sub(lambda found: names.get(found.group(), found.group()), text)


class ExpectedStateFile(ByService[ExpectedState]):
    """The expectations of one dimension by service, and those of every machine."""


def dimensions() -> tuple[str, ...]:
    """The dimensions that have expectations, by name."""
    return tuple(sorted(path.stem for path in DIRECTORY.glob("*.yaml")))


@cache
def expected_state(dimension: str) -> ExpectedStateFile:
    """The project's expectations of a dimension, read once. Raises like `load`."""
    return load(DIRECTORY / f"{dimension}.yaml")


def load(path: Path) -> ExpectedStateFile:
    """Read a file of expectations. Raises BrokenExpectations (every fault with its line) or UnreadableFile."""
    return by_service.load(
        path, ExpectedStateFile, "amanat/audit/closed_world.py", "The expected state of machines is broken."
    )


@dataclass(frozen=True)
class Finding:
    """One thing that is otherwise than expected; `since` (UTC) and `example` are "" where there is none."""

    kind: Kind
    item: str
    found: str
    expected: str
    since: str
    example: str = ""

    def __str__(self) -> str:
        notes = (f"since {self.since}" * bool(self.since), f"as {self.example}" * bool(self.example))
        when = f" ({', '.join(filter(None, notes))})" if any(notes) else ""
        match self.kind:
            case "unexpected":
                return f"nobody expects {self.item}: {_short(self.found)}{when}"
            case "missing":
                return f"{self.item} is missing: expected {_short(self.expected)}"
            case "different":
                return f"{self.item} is {_short(self.found)}{when}, not {_short(self.expected)}"


def compare(state: State, expected: ExpectedState) -> list[Finding]:
    """All that is extra, missing or different; `expected` has no placeholders any more. Sorted by item."""
    patterns = [(one, re.compile(one.item, re.S), re.compile(one.value, re.S)) for one in expected.patterns]
    findings = [
        Finding("missing", item, "", value, "")
        for item, value in expected.exactly.items()
        if item not in state.items
    ]
    unmatched = {one.item for one in expected.patterns if one.required}
    for item, value in state.items.items():
        notes = state.since.get(item, ""), state.examples.get(item, "")
        if item in expected.exactly:
            if expected.exactly[item] != value:
                findings.append(Finding("different", item, value, expected.exactly[item], *notes))
            continue
        fitting = [(one, one_value) for one, one_item, one_value in patterns if one_item.fullmatch(item)]
        unmatched -= {one.item for one, _ in fitting}
        if not fitting:
            findings.append(Finding("unexpected", item, value, "", *notes))
        elif not any(one_value.fullmatch(value) for _, one_value in fitting):
            wanted = " or ".join(one.value for one, _ in fitting)
            findings.append(Finding("different", item, value, wanted, *notes))
    findings += [Finding("missing", item, "", "at least one of this form", "") for item in unmatched]
    return sorted(findings, key=lambda one: one.item)


class Unexpected(AssertionError):
    """A machine is otherwise than expected; `items` names each thing that is, `hint` what more to do about it."""

    def __init__(self, findings: Sequence[Finding], hint: str = "") -> None:
        super().__init__("\n".join(filter(None, (*_lines(findings), hint))))
        self.items = tuple(one.item for one in findings)


def require_expected(findings: Sequence[Finding], hint: str = "") -> None:
    """Raises `Unexpected` for any finding: it tells a person what is how, how it should be, and what to do."""
    if findings:
        raise Unexpected(findings, hint)


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    yield from map(str, findings[:MOST_SHOWN])
    if (more := len(findings) - MOST_SHOWN) > 0:
        yield f"and {more} more: the evidence has the whole state"
    yield "Put it right (`make up` puts back what the kit wrote), or have an authority waive these `items`."


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} … ({len(text)} characters)"
