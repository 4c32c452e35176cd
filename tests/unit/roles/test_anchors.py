"""The file of anchors: which heads the chain must hold, line by line."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

FILES = Path(__file__).resolve().parents[3] / "ansible/roles/anchor/files"


@pytest.fixture
def anchors(monkeypatch, tmp_path):
    """`anchors(line, …)`: what a file of these lines comes to."""
    monkeypatch.syspath_prepend(str(FILES))
    spec = importlib.util.spec_from_file_location("amanat_anchor.anchors", FILES / "amanat_anchor/anchors.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "amanat_anchor.anchors", module)
    spec.loader.exec_module(module)

    def read(*lines):
        path = tmp_path / "archive.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
        return module.Anchors.read(path)

    read.module = module
    return read


def head(seq):
    return {"kind": "head", "seq": seq, "hash": f"{seq:064x}"}


def seqs(found):
    return [one["seq"] for one in found.heads]


def test_every_head_must_hold_and_the_newest_is_last(anchors):
    found = anchors(head(1), {"kind": "held", **head(1)} | {"kind": "held"}, head(5))
    assert (seqs(found), found.last["seq"], found.is_broken) == ([1, 5], 5, False)


def test_a_restore_frees_only_the_heads_above_it(anchors):
    found = anchors(head(1), head(5), head(9), {"kind": "restored", "seq": 5, "hash": "x"}, head(6))
    assert (seqs(found), found.is_broken) == ([1, 5, 6], False)


def test_a_break_lasts_until_a_restore_or_a_new_head(anchors):
    broken = {"kind": "broken", "reason": "missing"}
    assert anchors(head(1), broken).is_broken
    assert not anchors(head(1), broken, {"kind": "restored", "seq": 0, "hash": "x"}).is_broken
    assert not anchors(head(1), broken, head(2)).is_broken


def test_no_file_holds_nothing(anchors, tmp_path):
    found = anchors.module.Anchors.read(tmp_path / "missing")
    assert (found.heads, found.last, found.is_broken) == ((), None, False)


@pytest.mark.parametrize("line", [{"kind": "hed"}, {}])
def test_a_line_nobody_wrote_is_an_error(anchors, line):
    with pytest.raises(ValueError, match="line 2: no known kind"):
        anchors(head(1), line)
