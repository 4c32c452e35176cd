"""The module that writes configuration files: whole sets, copies of keys, nothing secret in a diff."""

import getpass
import grp
import json
import os
from pathlib import Path

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.amanat.host.plugins.modules import files

from tests.unit.conftest import mode


@pytest.fixture
def module():
    return files


@pytest.fixture
def write(open_umask, module, tmp_path, capsys):
    """Runs the module on this machine with one file; gives its result, and all that it said."""
    own = {"owner": getpass.getuser(), "group": grp.getgrgid(os.getgid()).gr_name}

    def run(check=False, **wanted):
        files = [{**own, "dest": str(tmp_path / "made/here"), **wanted}]
        arguments = {"files": files, "_ansible_check_mode": check, "_ansible_remote_tmp": str(tmp_path)}
        with patch_module_args(arguments), pytest.raises(SystemExit):
            module.main()
        said = capsys.readouterr().out
        result = json.loads(said)
        del result["invocation"]  # the arguments, which the controller has anyway
        return result, json.dumps(result)

    return run


def test_a_copy_of_a_key_has_its_mode_and_is_in_no_diff(write, tmp_path):
    (tmp_path / "key").write_text("a very secret line\n")
    result, shown = write(source=str(tmp_path / "key"), mode="0400")
    made = tmp_path / "made/here"
    assert result["changed"]
    assert made.read_text() == "a very secret line\n"
    assert mode(made) == 0o400
    assert "very secret" not in shown
    again, _ = write(source=str(tmp_path / "key"), mode="0400")
    assert not again["changed"]


def test_a_new_file_is_its_owners_alone_until_it_has_its_mode(write, module, monkeypatch):
    modes = []

    def settle(ansible, wanted):
        modes.append(mode(Path(wanted["dest"])))
        return real(ansible, wanted)

    real = module.settle
    monkeypatch.setattr(module, "settle", settle)
    write(content="x\n", mode="0644")
    assert modes == [0o600]


def test_a_changed_source_is_seen_in_check_mode_and_nothing_is_written(write, tmp_path):
    (tmp_path / "key").write_text("old\n")
    write(source=str(tmp_path / "key"))
    (tmp_path / "key").write_text("a very secret line\n")
    result, shown = write(check=True, source=str(tmp_path / "key"))
    assert result["changed"]
    assert result["diff"][0]["after"].startswith("(a copy of")
    assert "very secret" not in shown
    assert (tmp_path / "made/here").read_text() == "old\n"


def test_a_source_that_is_missing_stops_the_run_but_not_a_dry_one(write, tmp_path):
    result, _ = write(source=str(tmp_path / "none"))
    assert result["failed"]
    assert "does not exist" in result["msg"]
    assert not (tmp_path / "made").exists()
    dry, _ = write(check=True, source=str(tmp_path / "none"))
    assert dry["changed"]


@pytest.mark.parametrize("wanted", [{}, {"content": "x\n", "source": "/etc/hostname"}])
def test_a_file_has_a_content_or_a_source(write, wanted):
    result, _ = write(**wanted)
    assert result["failed"]


def test_a_content_that_its_validator_refuses_leaves_the_file_as_it_was(write, tmp_path):
    write(content="good\n")
    result, _ = write(content="bad\n", validate="grep -q good %s")
    assert result["failed"]
    assert (tmp_path / "made/here").read_text() == "good\n"
