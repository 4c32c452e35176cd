"""Reads the breaks: what a person does to a host, and how it is put back."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BREAKS = Path(__file__).parent
UNDO = "# undo\n"
FUNCTIONS = (BREAKS / "functions.sh").read_text("utf-8")  # of all scripts
MOST_TOGETHER = 10


@dataclass(frozen=True)
class Break:
    """One violation of one requirement on one host; `check` is the policy's test that must see it.

    `findings` are texts that its reason must hold: with them, breaks of one check are tried together. In all of these
    `@store@` stands for the machine that carries the store.
    """

    path: Path
    host: str
    check: str
    story: str
    script: str
    undo: str
    findings: tuple[str, ...] = ()

    @property
    def requirement(self) -> str:
        return self.path.parent.name

    @property
    def name(self) -> str:
        return f"{self.requirement}/{self.path.stem}"


def read(path: Path) -> Break:
    """A break's script; raises `ValueError` naming what it lacks."""
    text = path.read_text("utf-8")
    script, separator, undo = text.partition(UNDO)
    comments = [line.removeprefix("# ") for line in script.splitlines() if line.startswith("# ")]
    if not separator or not undo.strip():
        raise ValueError(f"{path}: nothing after a line `# undo`")
    host, check = (_named(comments, name, path) for name in ("host", "check"))
    return Break(
        path,
        host,
        check,
        comments[0],
        FUNCTIONS + script,
        "set -eu\n" + FUNCTIONS + undo,
        tuple(_values(comments, "finding")),
    )


def _values(comments: list[str], name: str) -> list[str]:
    return [line.removeprefix(f"{name}: ") for line in comments if line.startswith(f"{name}: ")]


def _named(comments: list[str], name: str, path: Path) -> str:
    values = _values(comments, name)
    if len(values) != 1:
        raise ValueError(f"{path}: one comment `# {name}: …` is needed")
    return values[0]


def all_breaks() -> list[Break]:
    """Every break, by requirement and name."""
    return [read(path) for path in sorted(BREAKS.glob("*/*.sh"))]


@dataclass(frozen=True)
class Batch:
    """Breaks that are tried together: one alone, or several of one check that are told apart by their findings."""

    breaks: tuple[Break, ...]

    @property
    def host(self) -> str:
        return self.breaks[0].host

    @property
    def check(self) -> str:
        return self.breaks[0].check

    @property
    def name(self) -> str:
        return "+".join((self.breaks[0].name, *(one.path.stem for one in self.breaks[1:])))


def all_batches() -> list[Batch]:
    """Every break once: those with findings up to ten together, by requirement and check."""
    alone = [Batch((one,)) for one in all_breaks() if not one.findings]
    together: dict[tuple[str, str, str], list[Break]] = {}
    for one in all_breaks():
        if one.findings:
            together.setdefault((one.requirement, one.host, one.check), []).append(one)
    cut = [Batch(part) for breaks in together.values() for part in batched(breaks, MOST_TOGETHER)]
    return sorted([*alone, *cut], key=lambda batch: batch.name)


def batched(breaks: list[Break], most: int) -> Iterator[tuple[Break, ...]]:
    """Cut a list into parts of at most so many."""
    for start in range(0, len(breaks), most):
        yield tuple(breaks[start : start + most])
