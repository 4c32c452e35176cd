"""Reads the breaks: what a person does to a host, and how it is put back."""

from dataclasses import dataclass
from pathlib import Path

BREAKS = Path(__file__).parent
UNDO = "# undo\n"


@dataclass(frozen=True)
class Break:
    """One violation of one requirement on one host; `check` is the policy's test that must see it."""

    path: Path
    host: str
    check: str
    story: str
    script: str
    undo: str

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
    return Break(path, host, check, comments[0], script, "set -eu\n" + undo)


def _named(comments: list[str], name: str, path: Path) -> str:
    values = [line.removeprefix(f"{name}: ") for line in comments if line.startswith(f"{name}: ")]
    if len(values) != 1:
        raise ValueError(f"{path}: one comment `# {name}: …` is needed")
    return values[0]


def all_breaks() -> list[Break]:
    """Every break, by requirement and name."""
    return [read(path) for path in sorted(BREAKS.glob("*/*.sh"))]
