"""Ctrl-C while hosts are configured: Ansible, Pulumi and its providers end before the command says that it stopped."""

import os
import signal
import subprocess
import sys

import pytest

from amanat import runs
from amanat.paths import PROJECT_ROOT, home
from amanat.stopping import KILLING, STOPPED, WAITING

TASK = "] task 3: "


def of_the_stack(stack_id):
    """Processes that a run of the stack started, Pulumi, providers and Ansible, wherever they are now."""
    marks = {f"AMANAT_STACK_ID={stack_id}", f"AMANAT_HOME={home()}"}
    return [pid for pid in runs.processes() if marks <= runs._environment(pid)]


@pytest.mark.parametrize("times", [1, 2])
def test_nothing_works_on_when_the_command_has_stopped(live_stack, times):
    command = [sys.executable, "-m", "amanat", "up", "--no-audit", "--force", "--stack", live_stack.stack]
    with subprocess.Popen(
        command,
        cwd=PROJECT_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as run:
        heard = []
        for line in run.stderr:
            heard.append(line)
            if TASK in line:
                break
        assert of_the_stack(live_stack.paths.stack_id), heard
        os.killpg(run.pid, signal.SIGINT)
        said = run.stderr.readline().strip()
        if times > 1:
            os.killpg(run.pid, signal.SIGINT)
        rest = run.stderr.read()
        left = of_the_stack(live_stack.paths.stack_id)
    assert WAITING in said + rest
    assert (KILLING in rest) is (times > 1)
    assert rest.rstrip().endswith(STOPPED)
    assert "Traceback" not in rest
    assert left == []
    assert run.returncode == 130


def test_the_same_command_goes_on_from_there(live_stack):
    up = live_stack.amanat("up", "--no-audit", "--json")
    assert up.code == 0, up.err[-4000:]
    assert live_stack.amanat("drift", "--json").json["drift"] == []
