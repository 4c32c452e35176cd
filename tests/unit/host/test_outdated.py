"""Code that an update replaced: whose it is, since when, what is restarted, and what waits."""

import fcntl
import os
import subprocess
import sys

import pytest

from amanat_host.errors import HostError
from amanat_host.state.proc import Process
from amanat_host.state.units import Unit
from amanat_host.system import outdated, restart_outdated

LIBRARY = "/usr/lib/x86_64-linux-gnu/libssl.so.3"
UPDATED = 1_000.0
HOLD = """
import fcntl, sys
with open(sys.argv[1], "w") as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX)
    print("held", flush=True)
    input()
"""


def process(number, unit, started, *mapped):
    """A process of a unit with code mapped."""
    return Process(
        number,
        1,
        started,
        "/usr/sbin/nginx",
        ("nginx",),
        unit,
        {"Name": "nginx"},
        {},
        frozenset(mapped),
        {},
        "/",
    )


@pytest.fixture
def running(monkeypatch):
    """running(*processes): what there is; libssl was updated at UPDATED, and nobody's sessions are among it."""
    packages = {LIBRARY: "libssl3t64", "/usr/lib/other.so": "other"}
    monkeypatch.setattr(outdated, "package_of", lambda path: packages.get(path, ""))
    monkeypatch.setattr(
        outdated, "installed_at", lambda name: {"libssl3t64": UPDATED, "other": 2_000.0}[name]
    )

    def put(*processes):
        monkeypatch.setattr(outdated.proc, "processes", lambda: {one.number: one for one in processes})

    return put


def test_a_service_older_than_an_update_of_its_library_is_told(running):
    running(
        process(10, "a.service", 900.0, f"{LIBRARY} (deleted)", "/usr/lib/other.so (deleted)"),
        process(11, "b.service", 900.0, LIBRARY),
        process(12, "c.service", 1_100.0, f"{LIBRARY} (deleted)"),
        process(13, "d.service", 900.0, "/opt/own.so (deleted)"),
    )
    assert outdated.outdated() == {"a.service": outdated.Replaced(UPDATED, 2_000.0)}


def test_a_library_whose_next_version_has_another_name_is_told_by_its_directory(
    running, monkeypatch, tmp_path
):
    monkeypatch.setattr(outdated, "OF_PACKAGES", str(tmp_path))
    os.utime(tmp_path, (1_500.0, 1_500.0))
    gone = f"{tmp_path}/libgnutls.so.30.40.3 (deleted)"
    running(process(10, "a.service", 900.0, gone), process(11, "b.service", 1_600.0, gone))
    assert outdated.outdated() == {"a.service": outdated.Replaced(1_500.0, 1_500.0)}


LATER = "Thu 1970-01-01 00:25:00.000000 UTC"  # 1,500 s
EARLIER = "Thu 1970-01-01 00:15:00.000000 UTC"  # 900 s


@pytest.mark.parametrize(
    ("unit", "began", "kind", "becomes"),
    [
        ("amanat-nginx.service", EARLIER, "forking", "restarted"),
        ("amanat-nginx.service", LATER, "forking", "waits"),  # what is left outlived a restart
        ("amanat-copy.service", EARLIER, "oneshot", "left"),
        ("amanat-restart-outdated.service", "", "oneshot", "left"),
        ("init.scope", "", "", "restarted"),
        ("dbus.service", EARLIER, "notify", "waits"),
        ("systemd-logind.service", EARLIER, "notify", "waits"),
        ("user@1000.service", EARLIER, "notify", "waits"),
        ("session-3.scope", "", "", "waits"),
        ("", "", "", "waits"),
    ],
)
def test_what_is_restarted_and_what_waits(unit, began, kind, becomes):
    service = Unit(unit, {"Type": kind, "ActiveEnterTimestamp": began})
    known = {unit: service} if unit.endswith(".service") else {}
    again, waiting = restart_outdated.chosen({unit: outdated.Replaced(UPDATED, UPDATED)}, known)
    assert (again, waiting) == (
        {unit} if becomes == "restarted" else set(),
        {unit} if becomes == "waits" else set(),
    )


def test_the_newest_replacement_decides():
    """A process that outlives restarts doesn't keep its service's daemon from the next update."""
    known = {"ssh.service": Unit("ssh.service", {"Type": "notify", "ActiveEnterTimestamp": LATER})}
    again, _ = restart_outdated.chosen({"ssh.service": outdated.Replaced(UPDATED, 1_600.0)}, known)
    assert again == {"ssh.service"}


def test_the_journal_is_first_and_systemd_last():
    names = {"init.scope", "amanat-access-log.service", "systemd-journald.service"}
    assert restart_outdated.in_turn(names) == [
        "systemd-journald.service",
        "amanat-access-log.service",
        "init.scope",
    ]


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine with three outdated units, one of which can't be restarted; tests look at what was asked of systemd."""
    asked = []
    found = {name: outdated.Replaced(UPDATED, UPDATED) for name in ("a.service", "dbus.service", "z.service")}

    def run(*command):
        if command[1] == "show":
            return "\n\n".join(
                f"Id={name}\nType=simple\nActiveEnterTimestamp={EARLIER}" for name in command[4:]
            )
        asked.append(command[1:])
        if command[-1] == "a.service":
            raise HostError("systemctl failed with status 1")
        return ""

    monkeypatch.setattr(restart_outdated.commands, "run", run)
    monkeypatch.setattr(restart_outdated, "outdated", lambda: found)
    monkeypatch.setattr(restart_outdated, "REBOOT", tmp_path / "reboot-required")
    monkeypatch.setattr(restart_outdated, "LOCK", tmp_path / "lock")
    return asked


def test_one_that_fails_keeps_no_other_from_its_restart(machine, call):
    code, _ = call(restart_outdated.main)
    assert code == 1
    assert machine == [("try-restart", "a.service"), ("try-restart", "z.service")]
    assert "dbus.service" in restart_outdated.REBOOT.read_text("utf-8")


def test_nothing_is_restarted_while_packages_are_installed(machine, call, monkeypatch):
    monkeypatch.setattr(restart_outdated, "is_locked", lambda _path: True)
    code, out = call(restart_outdated.main)
    assert (code, machine) == (0, [])
    assert "packages are being installed" in out


def test_a_lock_that_another_program_holds_is_seen_and_not_taken(tmp_path):
    lock = tmp_path / "lock"
    assert not restart_outdated.is_locked(lock)
    lock.touch()
    assert not restart_outdated.is_locked(lock)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        assert restart_outdated.is_locked(lock)
        holder.communicate("\n")
    with lock.open("w") as stream:
        fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.lockf(stream, fcntl.LOCK_UN)
    assert not restart_outdated.is_locked(lock)
