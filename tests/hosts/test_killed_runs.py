"""A first run that was killed at three stages in three ways: the next `up` completes."""

import json
import os

from amanat.paths import StackPaths
from amanat.stack import Stack
from tests.hosts.live import KILLS, STACK, amanat, kill_up_at


def test_the_next_up_completes_what_killed_runs_began():
    if Stack(StackPaths(STACK)).exists():  # an earlier test run was killed itself
        assert amanat("down", "--yes", "--stack", STACK).code == 0
    for stage in KILLS:
        kill_up_at(stage)
    cut_off_a_write_of_the_state()
    up = amanat("up", "--no-audit", "--json", "--stack", STACK)
    assert up.code == 0, up.err[-4000:]
    hosts = dict.fromkeys(("logs", "store", "vault"), "running")
    assert json.loads(amanat("status", "--json", "--stack", STACK).out)["hosts"] == hosts


def cut_off_a_write_of_the_state():
    """What a kill leaves at the worst moment: the file beside the state is begun, and empty."""
    (sidecar,) = StackPaths(STACK).state.rglob(f"{STACK}.json.attrs")
    os.truncate(sidecar, 0)
