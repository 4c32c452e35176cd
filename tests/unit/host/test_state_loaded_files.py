"""Which services go on with other files than those that lie there."""

import os

import pytest

from amanat_host.state import loaded_files

STARTED = 1_795_771_295.0  # Fri 2026-11-27 09:21:35 UTC
UNIT = """Id={name}
ActiveState=active
MainPID={pid}
ExecMainStartTimestamp=Fri 2026-11-27 09:21:35.000000 UTC
ActiveEnterTimestamp=Fri 2026-11-27 09:21:35.100000 UTC
StateChangeTimestamp=Fri 2026-11-27 09:{changed} UTC
ExecStart={{ path=/usr/bin/watch ; argv[]=/usr/bin/watch --config={config} ; start_time=[n/a] }}
"""


@pytest.fixture
def seen(monkeypatch, tmp_path):
    """seen(changed=…): what is told of a service whose settings name rules, with each file's change by its name."""
    places = str(tmp_path)
    monkeypatch.setattr(loaded_files, "NAME", loaded_files.re.compile(rf"{places}/[\w./@*?-]++(?![%{{$])"))

    def told(changes=(), *, name="watch.service", last_change="21:35.100000", pid=7):
        (tmp_path / "rules").mkdir(exist_ok=True)
        files = {
            "watch.yml": f"# {places}/old.yml\nrules: {places}/rules/*.yml\nca: '{places}/ca.crt'\n"
            f"keys: {places}/keys/%u\n",
            "rules/one.yml": "alert",
            "ca.crt": f"-----BEGIN CERTIFICATE-----\n{places}/other.yml\n",
            "old.yml": "",
            "other.yml": "",
        }
        for file, content in files.items():
            (tmp_path / file).write_text(content)
        (tmp_path / "keys").mkdir(exist_ok=True)
        (tmp_path / "keys/ana").write_text("")
        unit = UNIT.format(name=name, changed=last_change, config=tmp_path / "watch.yml", pid=pid)
        monkeypatch.setattr(loaded_files, "output", lambda *command: unit)
        changed = {str(tmp_path / file): at for file, at in dict(changes).items()}
        monkeypatch.setattr(loaded_files, "changed_at", lambda path, follow: changed.get(path, STARTED - 60))
        return {item.replace(places, ""): value for item, value in loaded_files.read().items.items()}

    return told


def test_files_that_are_older_than_the_service_are_not_told(seen):
    assert seen({"watch.yml": STARTED - 0.004}) == {}


@pytest.mark.parametrize("file", ["watch.yml", "rules/one.yml", "ca.crt"])
def test_each_file_that_it_reads_is_told_once_it_has_changed(seen, file):
    assert seen({file: STARTED + 0.004}) == {f"watch.service: file /{file}": "changed after it was read"}


def test_what_stands_in_comments_certificates_and_patterns_is_not_read(seen):
    assert seen(dict.fromkeys(("old.yml", "other.yml", "keys/ana"), STARTED + 60)) == {}


def test_a_reload_reads_the_files_again(seen):
    changes = {"ca.crt": STARTED + 30}
    assert seen(changes, last_change="22:10.000000") == {}
    assert seen(changes, last_change="22:00.000000") == {
        "watch.service: file /ca.crt": "changed after it was read"
    }


@pytest.mark.parametrize("name", ["ssh.service", "postgresql@17-main.service"])
def test_who_is_asked_himself_is_left_to_that(seen, name):
    assert seen({"ca.crt": STARTED + 60}, name=name) == {}


def test_a_service_without_a_process_has_read_nothing(seen):
    assert seen({"ca.crt": STARTED + 60}, pid=0) == {}


def test_the_journal_reads_files_that_no_command_names(monkeypatch, tmp_path):
    (tmp_path / "journald.conf.d").mkdir()
    (tmp_path / "journald.conf.d/small.conf").write_text("[Journal]\n")
    monkeypatch.setitem(loaded_files.BY_DEFAULT, "systemd-journald.service", (f"{tmp_path}/journald.conf*",))
    unit = loaded_files.Unit("systemd-journald.service", {})
    assert loaded_files.files_of(unit) == {os.path.join(tmp_path, "journald.conf.d/small.conf")}
