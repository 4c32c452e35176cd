"""Reads the breaks: what a person does to a host, and how it is put back."""

from dataclasses import dataclass
from pathlib import Path

BREAKS = Path(__file__).parent
UNDO = "# undo\n"


@dataclass(frozen=True)
class Break:
    """One violation of one requirement on one host."""

    path: Path
    host: str
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
    hosts = [line.removeprefix("host: ") for line in comments if line.startswith("host: ")]
    if not separator or not undo.strip():
        raise ValueError(f"{path}: nothing after a line `# undo`")
    if len(hosts) != 1:
        raise ValueError(f"{path}: one comment `# host: NAME` is needed")
    return Break(path, hosts[0], comments[0], script, "set -eu\n" + undo)


def all_breaks() -> list[Break]:
    """Every break, by requirement and name."""
    return [read(path) for path in sorted(BREAKS.glob("*/*.sh"))]
