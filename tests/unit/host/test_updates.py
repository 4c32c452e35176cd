"""Since when a security update waits: noted at each refresh, and forgotten once it is installed."""

import json
import stat

import pytest

from amanat_host.system import updates


@pytest.fixture
def refresh(monkeypatch, tmp_path, call):
    """refresh(day, *packages): apt has new lists on that day of November and these wait; gives the notes."""
    notes = tmp_path / "amanat/notes.json"
    monkeypatch.setattr(updates, "NOTES", notes)

    def refreshed(day, *packages):
        simulated = "".join(
            f"Inst {name} [1] (2 Debian-Security:13/stable-security [amd64])\n" for name in packages
        )
        monkeypatch.setattr(updates, "utc", lambda: f"2026-11-{day:02}T00:00:00Z")
        monkeypatch.setattr(updates, "output", lambda *_command: simulated + "Inst bash [1] (2 Debian:13)\n")
        assert call(updates.main)[0] == 0
        return json.loads(notes.read_text())

    refreshed.notes = notes
    return refreshed


def test_what_waits_keeps_the_day_it_was_first_seen(refresh):
    refresh(1, "libssl3")
    assert refresh(9, "libssl3", "openssh-server") == {
        "noted_at": "2026-11-09T00:00:00Z",
        "since": {"libssl3": "2026-11-01T00:00:00Z", "openssh-server": "2026-11-09T00:00:00Z"},
    }


def test_what_was_installed_begins_anew(refresh):
    refresh(1, "libssl3")
    assert refresh(2)["since"] == {}
    assert refresh(3, "libssl3")["since"] == {"libssl3": "2026-11-03T00:00:00Z"}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '{"noted_at": 1, "since": 2}'])
def test_notes_that_cannot_be_read_are_none(refresh, text):
    refresh(1)
    refresh.notes.write_text(text)
    assert updates.Notes.read() == updates.Notes()


def test_notes_are_roots(refresh):
    refresh(1)
    assert stat.S_IMODE(refresh.notes.stat().st_mode) == 0o600
    assert [path.name for path in refresh.notes.parent.iterdir()] == ["notes.json"]
