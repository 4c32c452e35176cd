"""Two audits at once, and real messages and disclosures meanwhile: each audit finds its own records, and no fault."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from psycopg.types.json import Jsonb

from amanat.evidence import verify
from tests.hosts.live import failing

MEASURED = ("A7-disclosure", "A2-platform", "A3-channels", "A6-7-2-transactions", "U-currency")
RECORD = """
    SELECT id FROM archive.record_message('sms', 'in', '+989120000099', '3000', now(), now(), '192.0.2.1', 4711, 'x')
"""
REQUEST = "SELECT archive.request_disclosure(%s, %s, 'Legal counsel', %s)"


@contextmanager
def traffic(live_stack):
    """Messages are recorded and disclosures asked for all the time; how many, in the end."""
    over, done = threading.Event(), []

    def work():
        with (
            live_stack.database("archive_writer", autocommit=True) as writer,
            live_stack.database("archive_discloser", autocommit=True) as discloser,
        ):
            while not over.wait(0.02):
                writer.execute(RECORD)
                now = datetime.now(UTC)
                span = {"from": (now - timedelta(hours=1)).isoformat(), "until": now.isoformat()}
                order = (f"side-{len(done)}", now.date() - timedelta(days=1))
                discloser.execute(REQUEST, (*order, Jsonb({"parties": ["+989120000099"], **span})))
                done.append(now)

    with ThreadPoolExecutor(1) as pool:
        worker = pool.submit(work)
        try:
            yield done
        finally:
            over.set()
            worker.result()


def test_audits_run_side_by_side_and_beside_disclosures(live_stack):
    with traffic(live_stack) as done, ThreadPoolExecutor(2) as auditors:
        audits = list(auditors.map(lambda _: live_stack.audit(*MEASURED), range(2)))
    assert len(done) > 10
    for audit in audits:
        assert (audit.code, failing(audit.json["requirements"])) == (0, {}), audit.err[-2000:]
    runs = {audit.json["run"] for audit in audits}
    assert len(runs) == 2
    assert [verify(live_stack.paths.evidence / run) for run in runs] == [[], []]
