"""The controller's files: private, remade when lost or edited, removed when no longer wanted."""

import json

import pytest
from pulumi.output import Unknown

from amanat.controller_files import _Files
from tests.unit.conftest import mode

FILES = {"ssh/deploy": "KEY\n", "inventory/hosts.yml": "all: {}\n", "inventory/secrets": "#!/bin/sh\n"}


@pytest.fixture
def props(tmp_path):
    return {"directory": str(tmp_path / "stack"), "files": dict(FILES), "executable": ["inventory/secrets"]}


@pytest.fixture
def made(props):
    """What the state keeps of files that were just written."""
    return _Files().create(props).outs


def changes(made, props):
    return _Files().diff("id", made, props).changes


@pytest.mark.usefixtures("open_umask")
def test_files_are_private_and_marked_ones_run(tmp_path, props):
    _Files().create(props)
    root = tmp_path / "stack"
    assert {name: mode(root / name) for name in FILES} == {
        "ssh/deploy": 0o600,
        "inventory/hosts.yml": 0o600,
        "inventory/secrets": 0o700,
    }
    assert {mode(path) for path in (root, root / "ssh", root / "inventory")} == {0o700}
    assert {name: (root / name).read_text("utf-8") for name in FILES} == FILES


def test_the_state_knows_names_and_a_digest_but_no_content(made):
    assert "KEY" not in json.dumps(made)
    assert made["names"] == sorted(FILES)


def test_nothing_to_do_while_files_are_as_written(made, props):
    assert changes(made, props) is False


@pytest.mark.parametrize("content", [None, "", "KEY\n ", b"\xff\xfe"])
def test_a_lost_or_edited_file_is_written_again(tmp_path, made, props, content):
    path = tmp_path / "stack/ssh/deploy"
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert changes(made, props) is True
    made = _Files().update("id", made, props).outs
    assert (path.read_text("utf-8"), mode(path), changes(made, props)) == ("KEY\n", 0o600, False)


def test_a_file_that_others_may_read_is_closed_again(tmp_path, made, props):
    path = tmp_path / "stack/ssh/deploy"
    path.chmod(0o644)
    assert changes(made, props) is True
    _Files().update("id", made, props)
    assert mode(path) == 0o600


@pytest.mark.parametrize(
    "files",
    [
        {**FILES, "ssh/deploy": "OTHER\n"},
        {**FILES, "more": ""},
        {name: text for name, text in FILES.items() if name != "ssh/deploy"},
    ],
)
def test_other_files_are_a_change(made, props, files):
    assert changes(made, {**props, "files": files}) is True


def test_two_files_that_swap_contents_are_a_change(tmp_path, props):
    made = _Files().create({**props, "files": {"a": "x", "b": "y"}}).outs
    assert changes(made, {**props, "files": {"a": "y", "b": "x"}}) is True


def test_contents_that_a_preview_cannot_know_are_a_change(made, props):
    assert changes(made, {**props, "files": Unknown()}) is True


def test_a_key_that_is_no_longer_wanted_is_removed(tmp_path, made, props):
    _Files().update("id", made, {**props, "files": {"inventory/hosts.yml": "all: {}\n"}})
    assert not (tmp_path / "stack/ssh/deploy").exists()
    assert (tmp_path / "stack/inventory/hosts.yml").exists()


def test_delete_removes_exactly_what_was_written(tmp_path, made):
    other = tmp_path / "stack/ssh/evidence.key"
    other.write_text("mine", "utf-8")
    (tmp_path / "stack/ssh/deploy").unlink()
    _Files().delete("id", made)
    assert [path for path in (tmp_path / "stack").rglob("*") if path.is_file()] == [other]
