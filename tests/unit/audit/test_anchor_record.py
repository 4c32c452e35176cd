"""The stack's record of the file of anchors: what is compared, and where nothing can be."""

import hashlib
import json
from types import SimpleNamespace

import pytest

from amanat.audit.anchor_record import DIRECTORY, RECORDS, digest_of_first, record_of
from amanat.audit.errors import NotChecked

KEY = "a" * 64


def host(directory, key=KEY):
    def read(command, *_args):
        return f"{key}  -\n" if command.startswith("cut") else f"{hashlib.sha256(b'x').hexdigest()}  -\n"

    return SimpleNamespace(
        name="vault", variables={DIRECTORY: str(directory)} if directory else {}, read=read
    )


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "vault.json").write_text(json.dumps({"machine": KEY, "size": 1, "sha256": "b" * 64}))
    return tmp_path


def test_the_record_of_this_machine_is_read(directory):
    assert record_of(host(directory)).size == 1


def test_the_record_of_another_machine_compares_nothing(directory):
    with pytest.raises(NotChecked, match="another machine's"):
        record_of(host(directory, key="c" * 64))


def test_without_a_record_nothing_is_compared(tmp_path):
    with pytest.raises(NotChecked, match="names no record"):
        record_of(host(None))
    with pytest.raises(NotChecked, match="there is no record"):
        record_of(host(tmp_path))


@pytest.mark.parametrize("text", ["", "{}", '{"machine": "x", "size": 1, "sha256": "y"}'])
def test_a_broken_record_compares_nothing(tmp_path, text):
    (tmp_path / "vault.json").write_text(text)
    with pytest.raises(NotChecked, match="is broken"):
        RECORDS.load(tmp_path / "vault.json")


def test_the_beginning_of_the_file_is_told_by_its_digest(directory):
    assert digest_of_first(host(directory), 1) == hashlib.sha256(b"x").hexdigest()
