"""Units as systemd has them: what is told of one, and what is left out because it differs each time."""

import os

import pytest

from amanat_host.state import boot, owned, units
from amanat_host.state.listing import Listing

DEFAULTS = {
    "NoNewPrivileges": "no",
    "User": "",
    "Restart": "no",
    "PrivateTmp": "yes",
    "MemoryCurrent": "[not set]",
}


@pytest.fixture(autouse=True)
def packaged(monkeypatch):
    """Paths that packages brought, by package."""
    paths = {"/usr/lib/systemd/system/ssh.service": "openssh-server"}
    monkeypatch.setattr(owned, "packages_by_path", lambda: paths)
    monkeypatch.setattr(units, "changed_at", lambda _path: None)
    monkeypatch.setattr(units, "text", lambda _path: "")
    return paths


def unit(name="x.service", **properties):
    base = {"LoadState": "loaded", "ActiveState": "active", "FragmentPath": "/etc/systemd/system/" + name}
    return units.Unit(name, {**DEFAULTS, **base, **properties})


def told(one):
    listing = Listing()
    units.read_unit(listing, one, DEFAULTS)
    return listing.items


def test_show_is_read_by_blocks_and_values_of_several_lines_stay_whole():
    shown = (
        "ExecReload={ a }\nExecReload={ b }\nDescription=one\nUser=ana\nId=a.service\n\n"
        "SetCredential=x:line\n\nof a secret\nId=b.service\n"
    )
    first, second = units.parse(shown)
    assert (first.name, first["ExecReload"], first["User"]) == ("a.service", "{ a }\n{ b }", "ana")
    assert (second.name, second["SetCredential"]) == ("b.service", "x:line\n\nof a secret")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("tangd@12-10.1.2.3:7500-10.1.2.4:40000.service", "tangd@<connection>.service"),
        ("tangd@any.service", "tangd@any.service"),
        ("postgresql@17-main.service", "postgresql@17-main.service"),
        ("run-r0af3.scope", "run-<n>.scope"),
        ("run-u12.service", "run-<n>.service"),
        ("session-c12.scope", "session-<n>.scope"),
    ],
)
def test_what_differs_each_time_is_left_out_of_a_name(name, shown):
    assert units.shown(name) == shown


def test_a_unit_of_ours_is_told_by_all_that_is_not_the_default():
    found = told(
        unit(User="ana", NoNewPrivileges="yes", PrivateTmp="", MemoryCurrent="77", Description="words")
    )
    assert found == {
        "unit x.service runs": "active",
        "unit x.service: file": "/etc/systemd/system/x.service",
        "unit x.service: User": "ana",
        "unit x.service: NoNewPrivileges": "yes",
        "unit x.service: PrivateTmp": "",
    }


def test_a_packages_unit_is_told_by_its_properties_only_when_a_drop_in_changes_it():
    path = "/usr/lib/systemd/system/ssh.service"
    assert told(unit("ssh.service", FragmentPath=path, User="ana")) == {"unit ssh.service runs": "active"}
    drop_in = "/run/systemd/system/ssh.service.d/x.conf"
    found = told(unit("ssh.service", FragmentPath=path, DropInPaths=drop_in, User="ana"))
    assert found[f"unit ssh.service: drop-in {drop_in}"] == "is there"
    assert found["unit ssh.service: User"] == "ana"


def test_a_unit_made_at_run_time_is_told():
    found = told(unit(Transient="yes", FragmentPath="/run/systemd/transient/x.service"))
    assert found["unit x.service"] == "made at run time"


def test_an_instance_for_one_connection_is_told_without_its_templates_properties():
    assert told(unit("tangd@1-2-10.0.0.1:7-10.0.0.2:9.service", User="ana")) == {
        "unit tangd@<connection>.service runs": "active"
    }


def test_a_command_is_told_without_its_last_run_and_once():
    ran = "{ path=/bin/x ; argv[]=/bin/x -a ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=7 ; code=1 }"
    extended = ran.replace("ignore_errors=no", "flags=")
    found = told(unit(ExecStart=ran, ExecStartEx=f"{extended}\n{extended}"))
    commands = {item: value for item, value in found.items() if "Exec" in item}
    assert commands == {
        "unit x.service: ExecStart": "path=/bin/x ; argv[]=/bin/x -a ; flags=",
        "unit x.service: ExecStart 2": "path=/bin/x ; argv[]=/bin/x -a ; flags=",
    }


def test_a_timer_is_told_by_its_calendar_and_not_by_its_next_time():
    found = told(
        unit("x.timer", TimersCalendar="{ OnCalendar=daily ; next_elapse=Fri 2026-11-27 00:00:00 UTC }")
    )
    assert found["unit x.timer: TimersCalendar"] == "OnCalendar=daily"


def test_variables_are_told_one_by_one_and_secrets_by_name_alone():
    found = told(unit(Environment='A=1 PGPASSWORD=hunter2 "B=two words"', SetCredential="key:hunter2"))
    assert found["unit x.service: Environment A"] == "1"
    assert found["unit x.service: Environment B"] == "two words"
    assert found["unit x.service: SetCredential"] == "key"
    assert "hunter2" not in "".join(found.values())


@pytest.mark.parametrize(
    ("properties", "standing"),
    [
        ({}, "active"),
        ({"ActiveState": "reloading"}, "active"),
        ({"ActiveState": "inactive"}, ""),
        ({"Type": "oneshot", "ActiveState": "activating"}, ""),
        ({"Type": "oneshot", "RemainAfterExit": "yes"}, "active"),
        ({"Type": "oneshot", "ActiveState": "failed", "Result": "exit-code"}, "failed (exit-code)"),
        ({"ActiveState": "activating", "SubState": "auto-restart"}, "activating (auto-restart)"),
        ({"LoadState": "not-found"}, "without a unit file"),
        ({"LoadState": "not-found", "ActiveState": "inactive"}, ""),
    ],
)
def test_how_a_unit_stands(properties, standing):
    assert units.standing_of(unit(**properties)) == standing


def test_a_timer_without_a_next_time_is_told():
    assert units.standing_of(unit("x.timer", SubState="elapsed")) == "active (elapsed)"


def test_files_that_systemd_or_the_service_has_not_read_are_told(monkeypatch):
    assert told(unit(NeedDaemonReload="yes"))["unit x.service has files that systemd has not read"] == "yes"
    monkeypatch.setattr(units, "monotonic_age", lambda _text: 1000.0)
    running = {"MainPID": "7", "ExecMainStartTimestampMonotonic": "1"}
    assert "unit x.service has files newer than its start" not in told(unit(**running))
    monkeypatch.setattr(units, "changed_at", lambda _path: 2000.0)
    assert told(unit(**running))["unit x.service has files newer than its start"] == "yes"


def test_conditions_are_read_from_the_files(monkeypatch):
    monkeypatch.setattr(units, "text", lambda _path: "[Unit]\nConditionPathExists=!/run/stop\nAfter=x\n")
    assert told(unit())["unit x.service: ConditionPathExists"] == "!/run/stop"


def test_a_stamp_in_the_future_keeps_a_timer_from_running(monkeypatch):
    stamps = {"/var/lib/systemd/timers/stamp-x.timer": 4e9}
    monkeypatch.setattr(units.os, "stat", lambda path: os.stat_result((0,) * 8 + (stamps[path], 0)))
    assert units.is_ahead("x.timer")
    stamps["/var/lib/systemd/timers/stamp-x.timer"] = 1e9
    assert not units.is_ahead("x.timer")


def test_units_that_no_package_brought_are_named_by_file_and_by_drop_in(monkeypatch):
    files = [
        "/etc/systemd/system/a.service",
        "/etc/systemd/system/b@.service",
        "/etc/systemd/system/c.timer.d/x.conf",
        "/run/systemd/system/service.d/x.conf",
        "/etc/systemd/system/many-.service.d/x.conf",
        "/etc/systemd/system/multi-user.target.wants/d.service",
    ]
    monkeypatch.setattr(units, "added_files", lambda: files)
    assert list(units.added_names()) == ["a.service", "b@.service", "c.timer"]


def test_the_manager_is_told_without_what_it_counts(monkeypatch):
    answers = {
        "show": "DefaultLimitCORE=0\nNFailedUnits=3\nUserspaceTimestamp=x\nEnvironment=A=1\n",
        "show-environment": "A=1\nAPI_TOKEN=hunter2\n",
        "get-default": "multi-user.target\n",
    }
    monkeypatch.setattr(units, "output", lambda _program, verb, *_rest: answers[verb])
    listing = Listing()
    units.read_manager(listing)
    assert listing.items == {
        "manager: DefaultLimitCORE": "0",
        "manager environment A": "1",
        "manager environment API_TOKEN": "…",
        "default target": "multi-user.target",
    }


def test_the_last_setting_of_a_configuration_counts(monkeypatch):
    merged = "# /etc/x\n[Journal]\nStorage=volatile\n\n# /run/y\n[Journal]\nStorage=persistent\n#Seal=no\n"
    monkeypatch.setattr(boot, "CONFIGURATIONS", ("journald.conf",))
    monkeypatch.setattr(boot, "output", lambda *_command: merged)
    listing = Listing()
    boot.read_configurations(listing)
    assert listing.items == {"journald.conf Journal: Storage": "persistent"}


def test_a_hook_that_no_package_brought_is_told(monkeypatch, tmp_path, packaged):
    generators = tmp_path / "system-generators"
    generators.mkdir()
    for name in ("packages", "strange"):
        (generators / name).touch()
    (generators / "link").symlink_to("/dev/null")
    packaged[str(generators / "packages")] = "systemd"
    monkeypatch.setattr(boot, "HOOKS", (str(generators), str(tmp_path / "not-there")))
    monkeypatch.setattr(boot.pwd, "getpwall", list)
    monkeypatch.setattr(boot, "CONFIGURATIONS", ())
    assert boot.read().items == {f"hook {generators}/strange": "file", f"hook {generators}/link": "/dev/null"}
