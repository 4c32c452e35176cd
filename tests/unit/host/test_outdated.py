"""Code that an update replaced: whose it is, since when, what is restarted, and what waits."""

import fcntl
import subprocess
import sys

import pytest

from amanat_host.state.proc import Process
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
        process(13, "d.service", 900.0, "/tmp/own.so (deleted)"),
    )
    assert outdated.outdated() == {"a.service": UPDATED}


@pytest.mark.parametrize(
    ("unit", "began", "restarted"),
    [
        ("amanat-nginx.service", 900.0, True),
        ("amanat-nginx.service", 1_500.0, False),  # what is left outlived a restart
        ("init.scope", 0.0, True),
        ("dbus.service", 900.0, False),
        ("systemd-logind.service", 900.0, False),
        ("user@1000.service", 900.0, False),
        ("session-3.scope", 0.0, False),
        ("", 0.0, False),
    ],
)
def test_what_others_lean_on_waits(unit, began, restarted):
    again, waiting = restart_outdated.chosen({unit: UPDATED}, {unit: began})
    assert (again, waiting) == (({unit}, set()) if restarted else (set(), {unit}))


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
