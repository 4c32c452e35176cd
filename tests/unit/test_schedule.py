"""The timer that drills: what systemd is given, and what happens without it."""

import pytest

from amanat.places import Places
from amanat.schedule import NoTimers, Schedule

SYSTEMCTL = """#!/bin/sh
echo "$@" >>"{log}"
case "$*" in {refused}) echo "Failed to connect to bus" >&2; exit 1 ;; esac
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A person's own units, and a systemctl that only writes down; returns its log."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("AMANAT_HOME", str(tmp_path / "100% home"))
    return tmp_path


@pytest.fixture
def systemctl(machine):
    """Write the stand-in; what it is told to refuse, it refuses."""

    def write(refused="never"):
        path = machine / "systemctl"
        path.write_text(SYSTEMCTL.format(log=machine / "log", refused=refused), "utf-8")
        path.chmod(0o755)
        return machine / "log"

    return write


def units(machine):
    return {path.name: path.read_text("utf-8") for path in (machine / "config/systemd/user").glob("*")}


def test_the_timer_asks_daily_and_drills_when_due(machine, systemctl):
    log = systemctl()
    name = Schedule(Places("unit")).on()
    service, timer = units(machine)[name.replace("timer", "service")], units(machine)[name]
    assert "-m amanat drill --if-due --stack=unit\n" in service
    assert f'Environment="AMANAT_HOME={machine}/100%% home"\n' in service
    assert "OnCalendar=daily" in timer
    assert log.read_text().splitlines() == ["--user daemon-reload", f"--user enable --now {name}"]


def test_off_leaves_no_unit(machine, systemctl):
    systemctl()
    schedule = Schedule(Places("unit"))
    schedule.on()
    assert schedule.off()
    assert units(machine) == {}
    assert not schedule.off()


def test_where_systemd_refuses_nothing_is_left(machine, systemctl):
    systemctl(refused="*enable*")
    with pytest.raises(NoTimers, match="Failed to connect to bus"):
        Schedule(Places("unit")).on()
    assert units(machine) == {}


def test_a_machine_without_systemd_is_told_what_to_do(machine):
    with pytest.raises(NoTimers, match="no systemd.*\n?.*amanat drill --if-due"):
        Schedule(Places("unit")).on()
    assert units(machine) == {}


def test_two_stacks_have_two_timers():
    assert Schedule(Places("one")).name != Schedule(Places("two")).name
