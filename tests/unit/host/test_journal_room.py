"""How far back a machine's journal reaches, and each thing that would leave it shorter than its settings say."""

import json
import os
from types import SimpleNamespace

import pytest

from amanat_host import commands
from amanat_host.errors import HostError
from amanat_host.logs import journal_room, probe_journal
from amanat_host.logs.journal_room import file_bytes
from tests.unit.host.journal import START_US, exported

MIB, GIB = 1 << 20, 1 << 30
OURS = """\
# /etc/systemd/journald.conf.d/amanat.conf
[Journal]
Storage=persistent
SystemMaxUse=2048M
SystemMaxFileSize=128M
SystemKeepFree=256M
SystemMaxFiles=4096
MaxRetentionSec=0
"""
TOLD = json.dumps({"MAX_USE": str(2 * GIB)})


@pytest.fixture
def room(monkeypatch, tmp_path):
    """room(settings, told, free=bytes): what is told of a journal of 8 KiB and a crashed file of the same size."""
    directory = tmp_path / "journal"
    (directory / "machine").mkdir(parents=True)
    for name in ("system.journal", "system@1-2.journal~"):
        (directory / "machine" / name).write_bytes(b"x" * 8192)
    (directory / "machine" / "other").write_bytes(b"x" * 8192)
    os.sync()

    def read(settings=OURS, told=TOLD, *, free=20 * GIB, entry=None):
        def run(program, *words):
            if words[0] == "cat-config":
                return settings
            return (
                "Original: 1month\n      μs: 2629800000000\n   Human: 1month\n"
                if words[0] == "timespan"
                else told
            )

        disk = SimpleNamespace(f_frsize=4096, f_blocks=100 * GIB // 4096, f_bavail=free // 4096)
        monkeypatch.setattr(commands, "run", run)
        monkeypatch.setattr(commands, "run_raw", lambda *_: exported(7) if entry is None else entry)
        monkeypatch.setattr(journal_room.os, "statvfs", lambda _: disk)
        monkeypatch.setattr(journal_room, "JOURNAL", directory)
        return journal_room.read()

    return read


def test_a_journal_with_our_settings_may_have_all_of_its_room(room):
    found = room()
    assert found.oldest_number == 7
    assert found.oldest_at == "2026-11-18T11:06:40Z"
    assert START_US // 1_000_000 == 1_795_000_000
    assert found.used_bytes == 2 * 8192
    assert found.given_bytes == 2 * GIB
    assert found.limits_bytes == {
        "SystemKeepFree": 20 * GIB - 256 * MIB + 2 * 8192,
        "SystemMaxFiles": 64 * GIB,
        "journald as it runs": 2 * GIB,
    }
    assert found.kept_seconds == 0


@pytest.mark.parametrize(
    ("settings", "free", "name", "most"),
    [
        (OURS.replace("256M", "1T"), 20 * GIB, "SystemKeepFree", 2 * 8192),
        (OURS, 300 * MIB, "SystemKeepFree", 44 * MIB + 2 * 8192),
        (OURS.replace("=4096", "=2"), 20 * GIB, "SystemMaxFiles", 32 * MIB),
    ],
)
def test_what_undercuts_the_room_is_told_by_its_name(room, settings, free, name, most):
    assert room(settings, free=free).limits_bytes[name] == most < 2 * GIB


def test_what_journald_does_not_say_in_its_settings_is_as_its_manual_has_it(room):
    """The defaults that a role has to set: of a disk of 100 GiB, and one of them less than the room asked for."""
    found = room("[Journal]\nSystemMaxUse=2G\n", "", free=5 * GIB)
    assert found.limits_bytes == {
        "SystemKeepFree": GIB + 2 * 8192,
        "SystemMaxFiles": 1600 * MIB,
    }
    assert room("[Journal]\n").given_bytes == 4 * GIB


def test_no_limit_of_files_is_none(room):
    assert "SystemMaxFiles" not in room(OURS.replace("=4096", "=0")).limits_bytes


def test_an_age_at_which_entries_go_is_told_in_seconds(room):
    assert room(OURS.replace("MaxRetentionSec=0", "MaxRetentionSec=1month")).kept_seconds == 2629800


@pytest.mark.parametrize("settings", [OURS.replace("2048M", "much"), OURS.replace("=4096", "=many")])
def test_what_is_no_size_or_number_is_no_answer(room, settings):
    with pytest.raises((HostError, ValueError), match=r"no size|invalid literal"):
        room(settings)


def test_an_empty_journal_has_no_room_to_tell_of(room):
    with pytest.raises(HostError, match="the journal is empty"):
        room(entry=b"")


def test_the_probe_tells_it_and_no_line(room, call):
    room()
    status, out = call(probe_journal.main, "room")
    assert (status, json.loads(out)["oldest_number"]) == (0, 7)
    assert "line" not in out


@pytest.mark.parametrize(("mib", "file"), [(64, 8), (1000, 125), (2048, 128), (65536, 128)])
def test_a_full_file_is_an_eighth_up_to_128_mib(mib, file):
    assert file_bytes(mib * MIB) == file * MIB
