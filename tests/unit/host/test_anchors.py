"""The file of anchors: which heads the chain must hold, line by line."""

import json

import pytest

from amanat_host.anchors.history import Anchors


@pytest.fixture
def anchors(tmp_path):
    """`anchors(line, …)`: what a file of these lines comes to."""

    def read(*lines):
        path = tmp_path / "archive.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
        return Anchors.read(path)

    return read


def head(seq, hour=9):
    return {"kind": "head", "seq": seq, "hash": f"{seq:064x}", "at": f"2026-11-22T{hour:02}:00:00+00:00"}


def restored(seq, target_time="latest"):
    return {"kind": "restored", "seq": seq, "hash": "x", "target_time": target_time}


def seqs(found):
    return [one["seq"] for one in found.heads]


def test_every_head_must_hold_and_the_newest_is_last(anchors):
    found = anchors(head(1), {"kind": "held", **head(1)} | {"kind": "held"}, head(5))
    assert (seqs(found), found.last["seq"], found.is_broken) == ([1, 5], 5, False)


def test_a_restore_frees_only_the_heads_above_it(anchors):
    found = anchors(head(1), head(5), head(9), restored(5), head(6))
    assert (seqs(found), found.is_broken) == ([1, 5, 6], False)


def test_going_back_past_an_earlier_restore_frees_the_heads_of_the_chain_that_it_began(anchors):
    """At 12 o'clock back to 10, at 14 back to 11:30: what the store recorded between 12 and 14 is of another chain."""
    found = anchors(
        head(1, hour=9),
        head(8, hour=11),
        restored(4, "2026-11-22T10:00:00+00:00"),
        head(6, hour=13),
        restored(9, "2026-11-22T15:00:00+03:30"),
        head(9, hour=14),
    )
    assert seqs(found) == [1, 9]


def test_a_break_lasts_until_a_restore_or_a_new_head(anchors):
    broken = {"kind": "broken", "reason": "missing"}
    assert anchors(head(1), broken).is_broken
    assert not anchors(head(1), broken, restored(0)).is_broken
    assert not anchors(head(1), broken, head(2)).is_broken


def test_no_file_holds_nothing(tmp_path):
    found = Anchors.read(tmp_path / "missing")
    assert (found.heads, found.last, found.is_broken) == ((), None, False)


@pytest.mark.parametrize("line", [{"kind": "hed"}, {}])
def test_a_line_nobody_wrote_is_an_error(anchors, line):
    with pytest.raises(ValueError, match="line 2: no known kind"):
        anchors(head(1), line)
