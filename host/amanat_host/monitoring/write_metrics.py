"""Write the kit's own metrics of this machine for the node exporter. Run as root by a timer.

write-metrics --journal-mib MIB FILE
"""

from __future__ import annotations

import argparse
from pathlib import Path

from amanat_host.entry import program
from amanat_host.monitoring.collectors import MEANINGS, collect
from amanat_host.monitoring.text_format import Metric, text_of

MIB = 1 << 20
ROOT = Path("/")


@program
def main() -> None:
    """Collect, and replace the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journal-mib", type=int, required=True)
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    limit = Metric("amanat_journal_limit_bytes", given.journal_mib * MIB)
    write(given.file, text_of([limit, *collect(ROOT)], MEANINGS))


def write(path: Path, text: str) -> None:
    """Replace a file in one step; the group may read it."""
    draft = path.with_suffix(".new")
    draft.write_text(text, encoding="utf-8")
    draft.chmod(0o640)
    draft.replace(path)
