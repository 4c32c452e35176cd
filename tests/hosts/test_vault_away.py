"""The vault is away: the store records on, the audit shows what a lost store would cost, and the log catches up."""

import os
import time

import docker

from amanat.audit.waiting import wait_until
from tests.hosts.live import LOSS_SECONDS, audited
from tests.hosts.writers import Account, write

WRITERS, MESSAGES = 4, 2000
# The shortest outage that shows; a longer one, 600 say, is for those who have the time.
OUTAGE_SECONDS = int(os.environ.get("AMANAT_OUTAGE_SECONDS", "0"))
CHECK = "policies/article5/test_durable_backup.py::test_a_lost_store_costs_little"


def test_writers_go_on_while_the_vault_is_away_and_the_audit_shows_the_gap(live_stack, tmp_path):
    client = docker.from_env()
    vault = client.containers.get(f"{live_stack.paths.stack_id}-vault")
    writer, account = live_stack.client("archive_writer"), Account()

    def outage_is_over():
        write(writer, 1, 100, lambda count: None, account)
        return time.monotonic() - began > OUTAGE_SECONDS

    vault.stop(timeout=20)
    began = time.monotonic()
    try:
        write(writer, WRITERS, MESSAGES, lambda count: None, account)
        assert wait_until(lambda: waiting_seconds(live_stack) > LOSS_SECONDS, seconds=180)
        assert wait_until(outage_is_over, seconds=OUTAGE_SECONDS + 60)
        status, requirements = audited(live_stack.stack, tmp_path, CHECK)
        whole = live_stack.audit("A5-6-1-durable")
    finally:
        vault.start()
        client.close()
    assert (status, whole.code) == (1, 1)
    assert "Traceback" not in whole.err
    assert requirements["A5-6-1-durable"]["verdict"] == "not-satisfied"
    assert wait_until(lambda: waiting_seconds(live_stack) == 0, seconds=180), "the log does not catch up"
    ids = f"SELECT id FROM archive.message WHERE id >= {min(account.acknowledged)}"
    assert set(account.acknowledged) <= {int(line) for line in live_stack.query(ids).splitlines()}


def waiting_seconds(live_stack):
    """How long the oldest segment of the log has waited to leave; 0 when none waits."""
    query = (
        "SELECT coalesce(round(max(extract(epoch FROM now() - modification))), 0)"
        " FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'"
    )
    return int(live_stack.query(query))
