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

from amanat.paths import PROJECT_ROOT
from tests.hosts.live import LOSS_SECONDS
from tests.hosts.writers import Account, write

WRITERS, MESSAGES = 2, 10_000_000
WRITING_SECONDS = 68
GUIDE = (PROJECT_ROOT / "docs/guide.md").read_text("utf-8")


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
        except psycopg.Error:  # also that a store which is being made anew has no archive yet
            failed.set()

    writers = threading.Thread(target=load)
    writers.start()
    assert not failed.wait(WRITING_SECONDS), "the writers failed before anything was destroyed"
    client = docker.from_env()
    client.containers.get(f"{live_stack.paths.stack_id}-store").remove(force=True)
    client.volumes.get(f"{live_stack.paths.stack_id}-store-data").remove()
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
    environment = {**os.environ, "AMANAT_STACK": live_stack.stack}
    make = 'make() { command make STACK="$AMANAT_STACK" "$@"; }\n'  # it takes no stack from the environment
    ran = subprocess.run(
        ["bash", "-euc", make + commands_of_the_guide()],
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
