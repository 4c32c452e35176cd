"""What runs otherwise than it is written: the comparisons that need no host."""

import os

import pytest

from amanat.paths import PROJECT_ROOT
from amanat_host.system import drift

FILES = PROJECT_ROOT / "ansible/roles/base/files"


@pytest.fixture
def modes(monkeypatch, tmp_path):
    """modes(lines) writes the wanted modes, of paths in the test's directory, and gives what differs."""

    def compare(*lines):
        file = tmp_path / "modes.conf"
        file.write_text("# type path mode\n" + "".join(f"{line}\n" for line in lines))
        monkeypatch.setattr(drift, "MODES", file)
        return "".join(found.why for found in drift.mode_drift())

    return compare


def made(path, mode):
    path.write_text("")
    path.chmod(mode)
    return path


def test_a_mode_that_is_wider_or_tighter_is_a_difference(modes, tmp_path):
    for mode in (0o644, 0o600):
        file = made(tmp_path / f"log-{mode:o}", mode)
        assert f"{file} is {mode:04o}" in modes(f"z {file} 0640 - -")
    assert modes(f"z {made(tmp_path / 'right', 0o640)} 0640 - -") == ""


def test_every_file_of_a_pattern_is_compared_and_what_is_not_there_is_none(modes, tmp_path):
    one, two = made(tmp_path / "a.log", 0o644), made(tmp_path / "b.log", 0o640)
    made(tmp_path / "c.txt", 0o644)
    found = modes(f"z {tmp_path}/*.log 0640 - -", f"z {tmp_path}/absent 0600 - -")
    assert str(one) in found
    assert str(two) not in found
    assert "c.txt" not in found


def test_a_link_is_left_to_what_it_points_at(modes, tmp_path):
    (tmp_path / "link.log").symlink_to(made(tmp_path / "aim", 0o644))
    assert modes(f"z {tmp_path}/*.log 0640 - -") == ""


def test_another_owner_or_group_is_a_difference(modes, tmp_path):
    file = made(tmp_path / "owned", 0o640)
    assert "owned" in modes(f"z {file} 0640 nobody-here -")
    assert "owned" in modes(f"z {file} 0640 - nobody-here")


def test_every_line_of_the_role_has_the_fields_that_are_compared():
    lines = [line.split() for line in (FILES / "modes.conf").read_text("utf-8").splitlines()]
    settings = [line for line in lines if line and line[0] != "#"]
    assert settings
    assert [line for line in settings if len(line) != 5 or line[0] != "z" or not int(line[2], 8)] == []


@pytest.mark.parametrize(
    ("options", "hidden"),
    [
        ("rw,nosuid,nodev,noexec,relatime,hidepid=invisible", True),
        ("rw,hidepid=2", True),
        ("rw,hidepid=noaccess", False),
        ("rw,hidepid=off", False),
        ("rw,nosuid", False),
    ],
)
def test_processes_are_hidden_by_the_mount_that_counts(monkeypatch, options, hidden):
    mounts = f"proc /proc proc rw 0 0\nproc /proc/sys proc ro,hidepid=2 0 0\nproc /proc proc {options} 0 0\n"
    monkeypatch.setattr(drift, "text", lambda path: mounts)
    assert drift.processes_hidden() is hidden


def test_of_a_template_the_instances_are_looked_for(monkeypatch):
    asked = []

    def output(*command):
        asked.extend(command)
        return "getty@tty1.service loaded active running Getty on tty1\n"

    monkeypatch.setattr(drift, "output", output)
    assert drift.running(["getty@.service", "rescue.service"]) == ["getty@tty1.service"]
    assert {"getty@*.service", "rescue.service"} <= set(asked)


def test_a_unit_is_barred_by_the_administrators_directory_only(monkeypatch):
    monkeypatch.setattr(
        os.path, "realpath", lambda path: "/dev/null" if path == "/etc/systemd/system/barred.socket" else path
    )
    assert not drift.unmasked("barred.socket")
    assert drift.unmasked("open.socket")
