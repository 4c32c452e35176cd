"""An owner is made once for each AMANAT_HOME and told by its name."""

import os
import pwd
import shutil
import socket

import pytest

from amanat.owner import ForeignHome, described, owner, user_name
from amanat.paths import home
from tests.unit.conftest import mode


def test_a_home_has_one_owner_for_good(paths):
    first = owner()
    assert first == owner()
    assert described(first) == f"{user_name()}@{socket.gethostname()}:{home()}"
    assert len(first.rpartition(" ")[2]) == 12
    assert mode(home() / "owner") == 0o600


def test_two_homes_have_two_owners(paths, monkeypatch, tmp_path):
    first = owner()
    monkeypatch.setenv("AMANAT_HOME", str(tmp_path / "second"))
    assert owner().rpartition(" ")[2] != first.rpartition(" ")[2]


def test_a_home_that_moved_keeps_its_owner(paths, monkeypatch, tmp_path):
    first = owner()
    home().rename(tmp_path / "moved")
    monkeypatch.setenv("AMANAT_HOME", str(tmp_path / "moved"))
    assert owner() == first


def test_a_copied_home_is_refused_while_the_first_is_there(paths, monkeypatch, tmp_path):
    owner()
    first = home()
    shutil.copytree(first, tmp_path / "copy")
    monkeypatch.setenv("AMANAT_HOME", str(tmp_path / "copy"))
    with pytest.raises(ForeignHome, match=f"is a copy of {first}"):
        owner()
    shutil.rmtree(first)
    assert described(owner()).endswith(str(first))


def test_an_owner_without_a_name_owns_nothing(paths):
    owner()
    (home() / "owner").write_text("\n", "utf-8")
    with pytest.raises(ForeignHome, match="is empty"):
        owner()


def test_another_users_home_is_refused_by_its_name(paths, monkeypatch):
    owner()
    maker = pwd.getpwuid(os.getuid()).pw_name
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(ForeignHome, match=f"AMANAT_HOME belongs to {maker}"):
        owner()


def test_a_user_is_who_runs_it_not_what_the_environment_says(monkeypatch):
    monkeypatch.setenv("LOGNAME", "somebody")
    monkeypatch.setenv("USER", "somebody")
    assert user_name() == pwd.getpwuid(os.geteuid()).pw_name
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    assert user_name() == "54321"
