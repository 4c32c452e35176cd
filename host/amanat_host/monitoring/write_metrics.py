"""Write the kit's own metrics of this machine for the node exporter. Run as root by a timer.

write-metrics --journal-mib MIB --outage-days DAYS FILE
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from amanat_host.entry import program
from amanat_host.logs.journal_room import file_bytes
from amanat_host.monitoring.collectors import MEANINGS, collect
from amanat_host.monitoring.text_format import Metric, text_of
from amanat_host.times import DAY_SECONDS

MIB = 1 << 20
ROOT = Path("/")


@program
def main() -> None:
    """Collect, and replace the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journal-mib", type=int, required=True)
    parser.add_argument("--outage-days", type=int, required=True)
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    told = choices(given.journal_mib, given.outage_days)
    write(given.file, text_of([*told, *collect(ROOT)], MEANINGS))


def choices(journal_mib: int, outage_days: int) -> Iterator[Metric]:
    """What the operator chose, for rules to compare with: they have no variables of their own."""
    yield Metric("amanat_journal_limit_bytes", journal_mib * MIB)
    yield Metric("amanat_journal_file_bytes", file_bytes(journal_mib * MIB))
    yield Metric("amanat_log_outage_seconds", outage_days * DAY_SECONDS)


def write(path: Path, text: str) -> None:
    """Replace a file in one step; the group may read it."""
    draft = path.with_suffix(".new")
    draft.write_text(text, encoding="utf-8")
    draft.chmod(0o640)
    draft.replace(path)
