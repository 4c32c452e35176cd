"""Where the kit keeps things: names, private directories, files that nobody else can read at any moment."""

from pathlib import Path

import pytest

from amanat.errors import BadInput
from amanat.paths import (
    PROJECT_ROOT,
    BadStackName,
    ForeignEnvironment,
    StackPaths,
    cache,
    home,
    require_own_checkout,
)


@pytest.mark.parametrize("name", ["a", "local", "t1", "prod-2", "a" * 20])
def test_good_stack_names(name):
    assert StackPaths(name).stack == name


@pytest.mark.parametrize(
    "name",
    ["", "A", "1a", "-a", "a_b", "a b", "a/b", "..", "a.b", "a" * 21, "امانت", "a\n", "a;rm", "$(a)"],
)
def test_bad_stack_names_are_refused_with_the_fix(name):
    with pytest.raises(BadStackName) as refused:
        StackPaths(name)
    assert isinstance(refused.value, BadInput)
    assert repr(name) in str(refused.value)
    assert "lower-case" in refused.value.fix


def test_two_checkouts_share_no_directory_and_no_state(tmp_path):
    one, two = StackPaths("local", tmp_path / "one"), StackPaths("local", tmp_path / "two")
    assert one.stack_id != two.stack_id
    assert {one.directory, one.state}.isdisjoint({two.directory, two.state})
    assert StackPaths("local", tmp_path / "one").stack_id == one.stack_id


def test_home_is_the_one_that_is_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("AMANAT_HOME", str(tmp_path / "a" / ".." / "b"))
    assert home() == tmp_path / "b"
    monkeypatch.delenv("AMANAT_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home() == tmp_path / ".local/share/amanat"
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache() == tmp_path / ".cache/amanat"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "c"))
    assert cache() == tmp_path / "c/amanat"


def test_everything_of_a_stack_lies_below_its_directory(paths):
    inside = (paths.lock, paths.ansible_artifacts, paths.hosts_file, paths.deploy_key, paths.auditor_key)
    inside += (paths.known_hosts, paths.clients, paths.sealing_private_key, paths.evidence_key)
    assert all(path.is_relative_to(paths.directory) for path in (*inside, paths.image_context))
    assert paths.passphrase.is_relative_to(paths.state)
    assert not paths.evidence.is_relative_to(home())


def test_a_command_belongs_to_the_checkout_it_lies_in(tmp_path):
    require_own_checkout(PROJECT_ROOT / ".venv/bin/amanat")
    require_own_checkout(Path("/usr/bin/amanat"))
    require_own_checkout(PROJECT_ROOT / "amanat/__main__.py")
    with pytest.raises(ForeignEnvironment, match=f"would work on {PROJECT_ROOT}") as refused:
        require_own_checkout(tmp_path / "copy/.venv/bin/amanat")
    assert "make env" in refused.value.fix
