"""Sealed days grow old: each goes by itself on its day and not before, with a stamped record that verifies.

Days are counted from today, so a machine's journal of half a year is made, in directories of the test's own, sealed and
purged by the log server's program with its own keys. The vault's record of stamps is put back after it.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest

AGES_DAYS = (192, 191, 190, 187, 186, 185, 1)
PLACE = "/run/test-days"
STAMPS = "/var/lib/amanat/tsa/stamps.jsonl"
KEEP_STAMPS = f"cp --preserve=all {STAMPS} /run/test-stamps 2> /dev/null || : > /run/test-stamps"
RESTORE_STAMPS = (
    f"if [ -s /run/test-stamps ]; then cp --preserve=all /run/test-stamps {STAMPS}; else rm {STAMPS}; fi;"
    " rm /run/test-stamps"
)
PROGRAM = "PYTHONPATH=/usr/lib/amanat /usr/bin/python3 -B"
MAKE = f"""
set -e
mkdir -m 0700 {PLACE}
mkdir -p {PLACE}/stored/trial {PLACE}/sealed/trial
{PROGRAM} - {" ".join(map(str, AGES_DAYS))} << 'END'
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from amanat_host.logs.entries import Parser
from amanat_host.logs.store import Store

now = datetime.now(UTC)
with closing(Store(Path("{PLACE}/stored/trial"), Path("{PLACE}/sealed/trial"))) as store:
    for number, age in enumerate([*map(int, sys.argv[1:]), 0], 1):
        at = int((now - timedelta(days=age)).timestamp() * 1e6)
        raw = (
            f"__CURSOR=s={{'a' * 32}};i={{number:x}}\\n__REALTIME_TIMESTAMP={{at}}\\n__MONOTONIC_TIMESTAMP=1\\n"
            f"__SEQNUM={{number}}\\n__SEQNUM_ID={{'a' * 32}}\\nMESSAGE=line {{number}}\\n\\n"
        )
        for entry in Parser().feed(raw.encode()):
            store.add(entry)
    store.commit()
END
"""
SETTINGS = f"""
{PROGRAM} - << 'END' > {PLACE}/seal.json
import json
settings = json.load(open("/etc/amanat/logs/seal.json"))
settings |= {{{{"directory": "{PLACE}/stored", "sealed": "{PLACE}/sealed", "retention_days": {{retention_days}}}}}}
print(json.dumps(settings))
END
"""
SEAL = f"{SETTINGS}/usr/lib/amanat/logs-seal {PLACE}/seal.json"
LOOK = f"""
{PROGRAM} << 'END'
import json
from pathlib import Path
from amanat_host.logs.sealed_file import sealed_days
from amanat_host.logs.verify import verify
place = Path("{PLACE}")
found = verify(place / "stored/trial", place / "sealed/trial", Path("/etc/amanat/pki/ca.crt"))
print(json.dumps([sealed_days(place / "sealed/trial"), found.faults]))
END
"""


@pytest.fixture
def days(live_stack):
    """Ended days of a journal, as old as `AGES_DAYS`, sealed."""
    live_stack.root("vault", KEEP_STAMPS)
    live_stack.root("logs", MAKE)
    yield
    live_stack.root("logs", f"rm -r {PLACE}")
    live_stack.root("vault", RESTORE_STAMPS)


def seal_and_purge(live_stack, retention_days):
    """Run the job; which days of the journal went, by their age."""
    said = live_stack.root("logs", SEAL.format(retention_days=retention_days))
    today = datetime.now(UTC).date()
    gone = [line.split()[-1] for line in said.splitlines() if line.startswith("trial: purged ")]
    return {(today - datetime.fromisoformat(day).date()).days for day in gone}


def look(live_stack):
    """Which days are kept, by their age, and what the verifier says."""
    kept, faults = json.loads(live_stack.root("logs", LOOK))
    today = datetime.now(UTC).date()
    return {(today - datetime.fromisoformat(day).date()).days for day in kept}, faults


def test_a_day_goes_when_its_retention_is_over_and_none_that_the_law_asks_for(live_stack, days):
    assert seal_and_purge(live_stack, 200) == set()
    assert look(live_stack) == (set(AGES_DAYS), [])
    assert seal_and_purge(live_stack, 190) == {192, 191}
    assert look(live_stack) == ({190, 187, 186, 185, 1}, [])
    assert seal_and_purge(live_stack, 1) == {190, 187}, "186 days are the least"
    assert look(live_stack) == ({186, 185, 1}, [])
    assert seal_and_purge(live_stack, 1) == set()


def test_a_purge_whose_record_was_altered_and_a_day_that_went_without_one_are_named(live_stack, days):
    seal_and_purge(live_stack, 190)
    day = (datetime.now(UTC) - timedelta(days=185)).strftime("%Y-%m-%d")
    live_stack.root("logs", f"rm {PLACE}/sealed/trial/{day}.export.gz")
    last = f"$(ls {PLACE}/sealed/trial/*.json | tail --lines=1)"
    live_stack.root("logs", f'sed -i \'s/"entries": *1/"entries": 2/\' {last}')
    _, faults = look(live_stack)
    assert any(day in fault for fault in faults), faults
    assert len(faults) > 1, faults
