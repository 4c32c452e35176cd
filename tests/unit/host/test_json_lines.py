"""A line is appended whole or not at all."""

import errno
import os

import pytest

from amanat_host import json_lines


def test_a_line_is_appended_in_as_many_writes_as_it_takes(tmp_path, monkeypatch):
    path = tmp_path / "lines.jsonl"
    json_lines.append(path, {"number": 1})
    write = os.write
    monkeypatch.setattr(json_lines.os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    json_lines.append(path, {"number": 2})
    assert path.read_text() == '{"number": 1}\n{"number": 2}\n'


def test_of_a_line_that_has_no_room_nothing_stays(tmp_path, monkeypatch):
    path = tmp_path / "lines.jsonl"
    json_lines.append(path, {"number": 1})
    write, left = os.write, [5]

    def full(descriptor, data):
        if not left:
            raise OSError(errno.ENOSPC, "no room")
        return write(descriptor, data[: left.pop()])

    monkeypatch.setattr(json_lines.os, "write", full)
    with pytest.raises(OSError, match="no room"):
        json_lines.append(path, {"number": 2})
    assert path.read_text() == '{"number": 1}\n'
