"""What a run of Ansible tells: failures with host, task and reason, drift as lines, and never a secret."""

import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from amanat import runner
from amanat.files import write_private
from amanat.inventory import inventory_text, secrets_source
from amanat.locks import file_lock
from amanat.paths import PROJECT_ROOT, StackPaths
from amanat.runner import ConvergeFailed, Playbook, Result, _note
from tests.unit.conftest import mode

SECRET = "SECRETMARK-9f3b"
SECRETS = {"groups": {"all": {"volume_key": SECRET}}, "machines": {}}
NONE = {"groups": {}, "machines": {}}
HOSTS = "all: {hosts: {here: {ansible_connection: local, ansible_python_interpreter: %s}}}\n"
PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - name: Use the secret
      ansible.builtin.copy:
        content: "{{ volume_key }}\\n"
        dest: "%(where)s/key"
        mode: "0600"
      no_log: true
    - name: Write a setting
      ansible.builtin.copy:
        content: "port = 2\\nsame = 1\\n"
        dest: "%(where)s/setting"
        mode: "0600"
    - name: Try what may fail
      ansible.builtin.assert:
        that: item > 2
      loop: [1, 2]
      ignore_errors: true
    - name: Refuse bad items
      ansible.builtin.assert:
        that: item != "bad"
        fail_msg: this item is bad
      loop: [good, bad]
      when: fail | default(true)
"""


SSH = """#!/bin/sh
exec /usr/bin/ssh -G "$@" 2>&1 | grep -iE '^(stricthostkeychecking|userknownhostsfile) ' >>{log}
exit 255
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A playbook for this machine, its inventory with the real secrets source, and where it writes."""
    root = tmp_path_factory.mktemp("playbook")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AMANAT_HOME", str(root / "home"))
        patch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        patch.setenv("PULUMI_CONFIG_PASSPHRASE", f"{SECRET}-passphrase")
        patch.setenv("ANSIBLE_CONFIG", str(PROJECT_ROOT / "ansible/ansible.cfg"))
        patch.setenv("ANSIBLE_LOCAL_TEMP", str(root / "tmp"))
        patch.setenv("ANSIBLE_REMOTE_TEMP", str(root / "tmp"))
        paths = StackPaths("unit", root)
        where = root / "host"
        where.mkdir()
        (root / "site").mkdir()
        (root / "site/site.yml").write_text(PLAYBOOK % {"where": where}, "utf-8")
        write_private(paths.inventory / "hosts.yml", HOSTS % sys.executable)
        write_private(paths.inventory / "secrets", secrets_source(paths), 0o700)
        yield (
            Playbook(root / "site/site.yml", paths.inventory, paths.ansible_artifacts, SECRETS),
            where,
        )


@pytest.fixture(scope="module")
def failed(world):
    """The message of a run that failed."""
    with pytest.raises(ConvergeFailed) as failure:
        world[0].run()
    return failure.value


def test_a_failed_run_names_host_task_and_reason(failed, world):
    assert "here: Refuse bad items: bad: this item is bad" in failed.what
    assert str(world[0].artifacts_root) in failed.where
    assert "make up" in failed.fix


def test_a_failure_that_the_playbook_ignores_is_no_reason(failed):
    assert "Try what may fail" not in str(failed)
    assert "good" not in failed.what


@pytest.mark.usefixtures("failed")
def test_the_secret_reached_the_task_and_no_file_of_the_run(world):
    play, where = world
    assert (where / "key").read_text("utf-8") == f"{SECRET}\n"
    files = [path for path in play.artifacts_root.rglob("*") if path.is_file()]
    assert any(path.name == "stdout" for path in files)
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []
    assert mode(play.artifacts_root) == 0o700


@pytest.mark.usefixtures("failed")
def test_a_check_tells_what_it_would_change_and_changes_nothing(world, monkeypatch):
    play, where = world
    setting = where / "setting"
    setting.write_text("port = 3\nsame = 1\n", "utf-8")
    (where / "key").write_text("edited\n", "utf-8")
    hosts = play.inventory / "hosts.yml"
    monkeypatch.setattr(runner, "KEPT_RUNS", 1)
    hosts.write_text((HOSTS % sys.executable).replace("}}}", ", fail: false}}}"), "utf-8")
    result = play.check()
    assert result.changes == [
        "here: Write a setting\n  - port = 3\n  + port = 2",
        "here: 1 more change, hidden because its task handles secrets",
    ]
    assert setting.read_text("utf-8") == "port = 3\nsame = 1\n"
    assert result.recap["here"]["failures"] == 0
    assert result.recap["here"]["changed"] == 2
    assert len(list((play.artifacts_root / "site").iterdir())) == 1


@pytest.mark.usefixtures("failed")
def test_signals_stay_with_the_command(world):
    """ansible-runner would take them, and keep them: Ctrl-C would be heard by nobody afterwards."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    during = []

    def tell(line):
        during.append([signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)])

    replace(world[0], progress=tell).check()
    assert during
    assert all(handlers == before for handlers in during)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def noted(*events):
    result = Result()
    assert [_note(event, result, "store", 0.0, runner.show_progress) for event in events] == [False] * len(
        events
    )
    return result


def event(kind, **data):
    return {"event": kind, "event_data": {"host": "store", "role": "pki", "task": "pki : Sign", **data}}


@pytest.mark.parametrize(
    ("res", "reason"),
    [
        ({"msg": "no space"}, "no space"),
        ({"msg": "non-zero return code", "stderr": "sh: not found\n"}, "sh: not found"),
        ({"msg": "", "module_stderr": "Traceback"}, "Traceback"),
        ({"msg": "non-zero return code", "stdout": "said here"}, "said here"),
        ({"reason": "bad yaml"}, "bad yaml"),
        (
            {"censored": "the output has been hidden", "changed": True},
            "hidden, because the task handles secrets",
        ),
        ({}, "no reason given"),
        (
            {
                "msg": "One or more items failed",
                "results": [{"item": 1}, {"item": 2, "failed": True, "msg": "no"}],
            },
            "2: no",
        ),
        ({"msg": "x" * 5000}, "x" * 800),
        ({"msg": {"a": 1}}, "{'a': 1}"),
    ],
)
def test_the_reason_is_what_says_most(res, reason):
    assert noted(event("runner_on_failed", res=res)).failures == [f"store: pki: Sign: {reason}"]


def test_an_unreachable_host_is_a_failure():
    result = noted(event("runner_on_unreachable", res={"msg": "Connection refused", "unreachable": True}))
    assert result.failures == ["store: pki: Sign: Connection refused"]


def test_ignored_failures_and_items_are_not_told():
    ignored = event("runner_on_failed", ignore_errors=True, res={"msg": "no"})
    assert noted(ignored, event("runner_item_on_failed", res={"msg": "no"})).failures == []


@pytest.mark.parametrize(
    ("res", "lines"),
    [
        ({"changed": False}, []),
        ({"changed": True}, ["store: pki: Sign"]),
        ({"changed": True, "path": "/etc/x"}, ["store: pki: Sign (/etc/x)"]),
        ({"changed": True, "dest": "/etc/y", "diff": {}}, ["store: pki: Sign (/etc/y)"]),
        ({"changed": True, "diff": [{"before": "a\nb\n", "after": "b\n"}]}, ["store: pki: Sign\n  - a"]),
        ({"changed": True, "diff": [{"before": "", "after": "a\n\n"}]}, ["store: pki: Sign\n  + a"]),
        (
            {"changed": True, "diff": {"before": {"mode": "0644"}, "after": {"mode": "0600"}}},
            ["store: pki: Sign\n  - {'mode': '0644'}\n  + {'mode': '0600'}"],
        ),
        ({"changed": True, "diff": "text", "censored": "hidden"}, ["store: pki: Sign"]),
    ],
)
def test_a_drift_is_a_line_with_what_differs(res, lines):
    assert noted(event("runner_on_ok", res=res)).changes == lines


def test_a_long_difference_is_cut():
    diff = {"before": "", "after": "\n".join(map(str, range(99)))}
    (line,) = noted(event("runner_on_ok", res={"changed": True, "diff": diff})).changes
    assert line.count("\n") == runner.DIFF_LINES


def test_the_recap_counts_each_host():
    stats = {"processed": {"b": 1, "a": 1}, "ok": {"a": 3, "b": 4}, "changed": {"a": 1}, "dark": {"b": 1}}
    recap = noted({"event": "playbook_on_stats", "event_data": stats}).recap
    assert list(recap) == ["a", "b"]
    assert recap["a"] == {"ok": 3, "changed": 1, "failures": 0, "dark": 0}
    assert recap["b"]["dark"] == 1


def test_a_change_that_handles_secrets_is_counted_though_hidden():
    stats = {"processed": {"store": 1}, "ok": {"store": 9}, "changed": {"store": 3}}
    hidden = event("runner_on_ok", res={"censored": "the output has been hidden"})
    shown = event("runner_on_ok", res={"changed": True})
    result = noted(shown, hidden, hidden, {"event": "playbook_on_stats", "event_data": stats})
    assert result.changes == [
        "store: pki: Sign",
        "store: 2 more changes, hidden because their tasks handle secrets",
    ]


def test_tasks_are_counted_as_they_start(monkeypatch):
    said = []
    monkeypatch.setattr(runner, "show_progress", said.append)
    start = event("playbook_on_task_start", name="pki : Sign")
    assert noted(start, event("playbook_on_task_start", role=None, task="Bare")).tasks == 2
    assert said[0].endswith("task 1: pki: Sign")
    assert said[1].endswith("task 2: Bare")


def test_events_without_a_task_are_nothing():
    assert noted({"event": "verbose"}, {}) == Result()


@pytest.fixture
def holder(tmp_path):
    """Another process that holds a machine's lock, as a run called `vault`; it ends when its input does."""
    lock = tmp_path / "alpha.lock"
    lock.write_text("vault", "utf-8")
    command = ["flock", str(lock), "sh", "-c", "echo held; cat"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    yield process
    process.stdin.close()
    process.stdout.close()
    assert process.wait() == 0


def test_a_second_run_on_a_machine_waits_and_says_for_whom(tmp_path, holder):
    said = []

    def log(line):
        said.append(line)
        holder.stdin.close()

    with runner._machine_locks(tmp_path, ["beta", "alpha"], "store", log):
        assert said == ["[store] waits: vault is configuring alpha"]
        assert (tmp_path / "alpha.lock").read_text("utf-8") == "store"


@pytest.mark.usefixtures("holder")
def test_a_run_on_another_machine_does_not_wait(tmp_path):
    with runner._machine_locks(tmp_path, ["beta"], "desk", pytest.fail):
        pass


def test_who_waits_for_a_machine_keeps_nobody_from_another(tmp_path, holder):
    """So no two runs wait for each other, and none that could work waits for one that waits."""

    def meanwhile(line):
        assert line == "[backups] waits: vault is configuring alpha"
        with runner._machine_locks(tmp_path, ["aaa", "beta"], "store", pytest.fail):
            holder.stdin.close()

    with runner._machine_locks(tmp_path, ["aaa", "alpha", "beta"], "backups", meanwhile):
        assert (tmp_path / "aaa.lock").read_text("utf-8") == "backups"


def test_every_machine_is_held_while_the_run_lasts_and_none_afterwards(tmp_path):
    def refuse(holder):
        raise InterruptedError(holder)

    def taken(machine):
        with file_lock(tmp_path / f"{machine}.lock", refuse):
            return True

    with runner._machine_locks(tmp_path, ["beta", "alpha"], "store", pytest.fail):
        for machine in ("alpha", "beta"):
            with pytest.raises(InterruptedError, match="store"):
                taken(machine)
    assert taken("alpha")
    assert taken("beta")


def test_runs_side_by_side_get_each_its_own_secrets(tmp_path, monkeypatch):
    """Threads of one process, as Pulumi's resources are; each waits for the other's start."""
    monkeypatch.setenv("AMANAT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    paths = StackPaths("unit", tmp_path)
    local = f"ansible_connection: local, ansible_python_interpreter: {sys.executable}"
    hosts = f"all: {{hosts: {{alpha: {{{local}}}, beta: {{{local}}}}}}}\n"
    write_private(paths.inventory / "hosts.yml", hosts)
    write_private(paths.inventory / "secrets", secrets_source(paths), 0o700)
    lines = []
    together = threading.Barrier(2, timeout=60)

    def meet(line):
        lines.append(line)
        together.wait()

    def run(name, machine):
        task = {"name": "Write", "copy": {"content": "{{ volume_key }}", "dest": f"{tmp_path}/{machine}"}}
        play = [{"hosts": machine, "gather_facts": False, "tasks": [task]}]
        path = tmp_path / f"{name}.yml"
        path.write_text(json.dumps(play), "utf-8")
        secrets = {"groups": {}, "machines": {machine: {"volume_key": f"{machine}'s"}}}
        return Playbook(path, paths.inventory, paths.ansible_artifacts, secrets, progress=meet).run()

    with ThreadPoolExecutor() as pool:
        done = list(pool.map(run, ("store", "desk"), ("alpha", "beta")))
    assert [list(result.recap) for result in done] == [["alpha"], ["beta"]]
    assert [(tmp_path / name).read_text("utf-8") for name in ("alpha", "beta")] == ["alpha's", "beta's"]
    assert sorted(line.split()[0] for line in lines) == ["[desk", "[store"]


def test_the_newest_runs_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "KEPT_RUNS", 2)
    for name in ("20260101T000000Z-x", "20260102T000000Z-a", "20260103T000000Z-b"):
        (tmp_path / name / "artifacts").mkdir(parents=True)
    (tmp_path / "lock").write_text("", "utf-8")
    runner._forget_old(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "20260102T000000Z-a",
        "20260103T000000Z-b",
        "lock",
    ]


def test_a_host_is_known_by_its_pinned_key_only(tmp_path, monkeypatch):
    """What ssh makes of everything that ansible-runner, ansible.cfg and the inventory say."""
    monkeypatch.setenv("AMANAT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setenv("ANSIBLE_CONFIG", str(PROJECT_ROOT / "ansible/ansible.cfg"))
    paths, log, ssh = StackPaths("unit", tmp_path), tmp_path / "log", tmp_path / "ssh"
    ssh.write_text(SSH.format(log=log), "utf-8")
    ssh.chmod(0o755)
    host = {"ansible_host": "192.0.2.1", "ansible_ssh_executable": str(ssh), "ansible_ssh_retries": 0}
    write_private(paths.inventory / "hosts.yml", inventory_text(paths, {}, {"there": host}, {}))
    (tmp_path / "site.yml").write_text("[{hosts: all, gather_facts: false, tasks: [{ping: }]}]", "utf-8")
    with pytest.raises(ConvergeFailed, match="there: ping"):
        Playbook(tmp_path / "site.yml", paths.inventory, paths.ansible_artifacts, NONE).run()
    found = dict(line.split(" ", 1) for line in log.read_text("utf-8").splitlines())
    assert found == {"stricthostkeychecking": "true", "userknownhostsfile": str(paths.known_hosts)}
