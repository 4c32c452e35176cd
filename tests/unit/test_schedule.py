"""The timers that drill, converge and audit: what systemd is given, what it tells, and what happens without it."""

from pathlib import Path

import pytest

from amanat.paths import StackPaths
from amanat.schedule import DRILL, REPAIR, NoTimers, Schedule, _as_glob, jobs_of
from amanat.settings import Settings

SYSTEMCTL = """#!/bin/sh
echo "$@" >>"{log}"
case "$*" in {refused}) echo "Failed to connect to bus" >&2; exit 1 ;; esac
case "$*" in
*show*drill*.timer) echo "LastTriggerUSec=Thu 2026-11-26 00:12:00 UTC"; echo "NextElapseUSecRealtime=n/a" ;;
*show*.timer) echo "LastTriggerUSec=n/a"; echo "NextElapseUSecRealtime=Sat 2026-11-28 02:10:00 UTC" ;;
*show*.service) echo "Result=success" ;;
esac
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
    schedule = Schedule(StackPaths("unit"))
    schedule.on([DRILL])
    name = f"{schedule.unit('drill')}.timer"
    service, timer = units(machine)[name.replace("timer", "service")], units(machine)[name]
    assert "-m amanat drill --if-due --stack=unit\n" in service
    assert "\nRestart=on-failure\nRestartPreventExitStatus=0 1 2 130\n" in service
    kept = schedule.environment
    assert f"EnvironmentFile={machine}/100%% home/{StackPaths('unit').stack_id}/schedule.env\n" in service
    assert f'AMANAT_HOME="{machine}/100% home"\n' in kept.read_text("utf-8")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "OnCalendar=daily" in timer
    assert log.read_text().splitlines() == ["--user daemon-reload", f"--user enable --now {name}"]


@pytest.mark.parametrize(
    ("given", "has_backups", "commands"),
    [
        ({}, True, ["drill --if-due", "up --force --no-audit", "audit"]),
        ({"schedule_converge": "report"}, False, ["drift", "audit"]),
        ({"schedule_converge": "off", "schedule_audit": "off"}, True, ["drill --if-due"]),
        ({"schedule_converge": "off", "schedule_audit": "off"}, False, []),
    ],
)
def test_the_settings_say_what_is_done_by_itself(given, has_backups, commands):
    jobs = jobs_of(Settings(**given), has_backups=has_backups)
    assert [job.command for job in jobs] == commands


def test_the_audit_is_as_often_as_the_setting_says():
    times = [
        jobs_of(Settings(schedule_audit=often), has_backups=False)[-1].when for often in ("daily", "weekly")
    ]
    assert times == ["*-*-* 05:00:00", "Sun *-*-* 05:00:00"]


def test_a_job_that_the_settings_no_longer_want_is_removed(machine, systemctl):
    log = systemctl()
    schedule = Schedule(StackPaths("unit"))
    schedule.on([DRILL, REPAIR])
    assert len(units(machine)) == 4
    schedule.on([DRILL])
    assert schedule.installed() == ["drill"]
    assert units(machine).keys() == {f"{schedule.unit('drill')}.{kind}" for kind in ("service", "timer")}
    assert f"--user disable --now {schedule.unit('converge')}.timer" in log.read_text().splitlines()


def test_what_is_scheduled_is_told_with_its_last_run_and_its_next(systemctl):
    systemctl()
    schedule = Schedule(StackPaths("unit"))
    assert schedule.planned() == []
    schedule.on([DRILL, REPAIR])
    drill, converge = (one.words.split() for one in schedule.planned())
    assert " ".join(drill) == (
        "drill amanat drill --if-due last Thu 2026-11-26 00:12:00 UTC (success), next unknown"
    )
    assert " ".join(converge) == (
        "converge amanat up --force --no-audit last not yet, next Sat 2026-11-28 02:10:00 UTC"
    )


def test_off_leaves_no_unit(machine, systemctl):
    systemctl()
    schedule = Schedule(StackPaths("unit"))
    schedule.on([DRILL, REPAIR])
    assert schedule.off()
    assert units(machine) == {}
    assert not schedule.off()


def test_the_drills_have_the_environment_the_timer_was_made_in(machine, systemctl, monkeypatch):
    systemctl()
    given = {
        "AMANAT_DEBIAN_MIRROR": "https://mirror.example/debian",
        "AMANAT_CA_BUNDLE": "authority.pem",
        "PULUMI_BACKEND_URL": "file:///srv/state",
        "PULUMI_CONFIG_PASSPHRASE_FILE": "/srv/passphrase",
        "DOCKER_HOST": "unix:///run/other.sock",
        "DOCKER_CONTEXT": "builder",
        "https_proxy": 'http://user:pa$s"w`o\\rd@proxy.example:3128',
        "NO_PROXY": "localhost",
        "XDG_CACHE_HOME": "/srv/cache",
        "AWS_PROFILE": "state",
        "GOPROXY": "https://go.example",
    }
    others = {"AMANAT_RUN": "x", "AMANAT_STACK": "other", "PYTHONPATH": "/evil", "ANSIBLE_RUN_TAGS": "web"}
    others |= {"PULUMI_CONFIG_PASSPHRASE": "secret", "SSH_AUTH_SOCK": "/tmp/agent", "LD_PRELOAD": "/evil.so"}
    for name, value in (given | others).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(machine)
    schedule = Schedule(StackPaths("unit"))
    schedule.on([DRILL])
    lines = schedule.environment.read_text("utf-8").splitlines()
    names = {line.partition("=")[0] for line in lines}
    assert given.keys() <= names
    assert not names & others.keys()
    assert f'AMANAT_CA_BUNDLE="{machine}/authority.pem"' in lines
    assert 'https_proxy="http://user:pa\\$s\\"w\\`o\\\\rd@proxy.example:3128"' in lines
    unit = units(machine)[f"{schedule.unit('drill')}.service"]
    assert "proxy.example" not in unit
    assert schedule.off()
    assert not schedule.environment.exists()


@pytest.mark.parametrize(
    ("path", "read"), [("/a b/50%", "/a b/50%%"), ("/x*[1]?", r"/x\*\[1]\?"), ("/b\\c", r"/b\\c")]
)
def test_the_environments_file_is_named_literally(path, read):
    assert _as_glob(Path(path)) == read


def test_where_systemd_refuses_nothing_is_left(machine, systemctl):
    systemctl(refused="*enable*")
    with pytest.raises(NoTimers, match="Failed to connect to bus"):
        Schedule(StackPaths("unit")).on([DRILL])
    assert units(machine) == {}


def test_a_machine_without_systemd_is_told_what_to_do(machine):
    with pytest.raises(NoTimers, match="no systemd.*\n?.*amanat drill --if-due"):
        Schedule(StackPaths("unit")).on([DRILL])
    assert units(machine) == {}


def test_two_stacks_have_two_timers():
    assert Schedule(StackPaths("one")).unit("drill") != Schedule(StackPaths("two")).unit("drill")
