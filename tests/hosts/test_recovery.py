"""A store that burns: what was acknowledged comes back, by the guide's own commands, and the backups go on."""

import json
import os
import re
import subprocess
import threading
import time

import docker
import psycopg
import pytest

from amanat.audit.waiting import eventually
from amanat.places import PROJECT_ROOT
from tests.hosts.writers import Account, write

WRITERS, MESSAGES = 4, 10_000_000
# What a lost store may cost: A5-6-1-durable, recovery_point_seconds.
LOSS_SECONDS = 60
WRITING_SECONDS = 68
# The shortest outage of the vault that shows; a longer one, 600 say, is for those who have the time.
OUTAGE_SECONDS = int(os.environ.get("AMANAT_OUTAGE_SECONDS", "0"))
GUIDE = (PROJECT_ROOT / "docs/guide.md").read_text("utf-8")


@pytest.fixture
def engine():
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="module")
def burnt(live_stack):
    """Writers at work, the store destroyed under them; the ids that were acknowledged long enough before.

    The writers try in vain for a while longer, but not as long as a new store takes to be made.
    """
    seen = []

    def note(acknowledged):
        seen.append((time.monotonic(), acknowledged))

    account, failed = Account(), threading.Event()

    def load():
        try:
            write(live_stack.client("archive_writer"), WRITERS, MESSAGES, note, account)
        except psycopg.OperationalError:
            failed.set()

    writers = threading.Thread(target=load)
    writers.start()
    assert not failed.wait(WRITING_SECONDS), "the writers failed before anything was destroyed"
    client = docker.from_env()
    client.containers.get(f"{live_stack.places.stack_id}-store").remove(force=True)
    client.volumes.get(f"{live_stack.places.stack_id}-store-data").remove()
    client.close()
    burnt_at = time.monotonic()
    early = max((count for moment, count in seen if moment <= burnt_at - LOSS_SECONDS), default=0)
    assert early, "nothing was acknowledged long enough before"
    yield set(account.acknowledged[:early])
    writers.join()


def commands_of_the_guide():
    """The block that brings a lost store back, as the guide has it."""
    found = re.search(
        r"<!-- tests/hosts/test_recovery\.py runs this block -->\n```sh\n(.*?)```", GUIDE, re.DOTALL
    )
    return found[1]


def test_the_guides_commands_bring_a_lost_store_back(live_stack, burnt):
    environment = {**os.environ, "STACK": live_stack.stack, "AMANAT_STACK": live_stack.stack}
    ran = subprocess.run(
        ["bash", "-euc", commands_of_the_guide()],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-4000:]
    stored = live_stack.query("SELECT id FROM archive.message").splitlines()
    assert burnt - {int(line) for line in stored} == set()


@pytest.mark.usefixtures("burnt")
def test_the_drill_after_the_restore_was_of_the_new_timeline(live_stack):
    drill = json.loads(live_stack.root("vault", "tail -n 1 /var/lib/amanat/drills/drills.jsonl"))
    assert drill["passed"]
    assert drill["timeline"] >= 2
    assert drill["loss_seconds"] <= LOSS_SECONDS
    assert drill["noted_head"]["seq"] <= drill["restored_head"]["seq"]


def test_writers_go_on_while_the_vault_is_away_and_the_audit_shows_the_gap(live_stack, engine):
    vault = engine.containers.get(f"{live_stack.places.stack_id}-vault")
    writer, account = live_stack.client("archive_writer"), Account()

    def outage_is_over():
        write(writer, 1, 100, lambda count: None, account)
        return time.monotonic() - began > OUTAGE_SECONDS

    vault.stop(timeout=20)
    began = time.monotonic()
    try:
        write(writer, WRITERS, 2000, lambda count: None, account)
        assert eventually(lambda: waiting_seconds(live_stack) > LOSS_SECONDS, seconds=180)
        assert eventually(outage_is_over, seconds=OUTAGE_SECONDS + 60)
        gap = live_stack.audit("A5-6-1-durable")
    finally:
        vault.start()
    assert gap.code == 1
    assert gap.json["requirements"]["A5-6-1-durable"]["verdict"] == "not-satisfied"
    assert eventually(lambda: waiting_seconds(live_stack) == 0, seconds=180), "the log does not catch up"
    ids = f"SELECT id FROM archive.message WHERE id >= {min(account.acknowledged)}"
    assert set(account.acknowledged) <= {int(line) for line in live_stack.query(ids).splitlines()}


def waiting_seconds(live_stack):
    """How long the oldest segment of the log has waited to leave; 0 when none waits."""
    query = (
        "SELECT coalesce(round(max(extract(epoch FROM now() - modification))), 0)"
        " FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'"
    )
    return int(live_stack.query(query))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--target-time", "yesterday"), "is no time"),
        (("--target-time", "2999-01-01T00:00+03:30"), "lies in the future"),
        (("--target-time", "۲۰۲۰-۰۱-۰۱T00:00"), "before the first backup"),
        ((), "nobody is there to answer"),
    ],
)
def test_a_restore_that_makes_no_sense_is_refused_and_nothing_changes(live_stack, arguments, said):
    before = live_stack.root(
        "store", "systemctl show --property=ActiveEnterTimestamp postgresql@17-main.service"
    )
    done = live_stack.amanat("restore", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert "Traceback" not in done.err
    assert (
        live_stack.root("store", "systemctl show --property=ActiveEnterTimestamp postgresql@17-main.service")
        == before
    )
