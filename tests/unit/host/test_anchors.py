"""The file of anchors: which heads the chain must hold, line by line."""

import fcntl
import hashlib
import json

import pytest

from amanat_host.anchors.history import Anchors, ForgottenAnchors, locked


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


@pytest.fixture
def chained(tmp_path):
    """A file of two lines of before, and three that say what was before them."""
    path = tmp_path / "archive.jsonl"
    path.write_text("".join(json.dumps(head(seq)) + "\n" for seq in (1, 2)), "utf-8")
    for seq in (3, 4, 5):
        line = Anchors.read(path).following(head(seq))
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    return path


def test_a_file_that_only_grew_fits(chained):
    found = Anchors.read(chained)
    assert (found.misfits, seqs(found)) == ((), [1, 2, 3, 4, 5])
    assert found.digest == hashlib.sha256(chained.read_bytes()).hexdigest()


def test_the_first_line_of_all_says_that_nothing_was_before(tmp_path):
    line = Anchors.read(tmp_path / "missing").following(head(1))
    assert line["previous"] == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize("taken", [[0], [1], [2], [3], [0, 1, 2, 3], [1, 2]])
def test_lines_that_were_taken_out_are_missed(chained, taken):
    lines = chained.read_text().splitlines(keepends=True)
    chained.write_text("".join(line for number, line in enumerate(lines) if number not in taken))
    found = Anchors.read(chained)
    assert found.misfits
    with pytest.raises(ForgottenAnchors, match=f"before line {found.misfits[0]} are not"):
        found.following(head(6))


@pytest.mark.parametrize("number", range(4))
def test_a_line_that_was_changed_is_missed(chained, number):
    lines = chained.read_text().splitlines(keepends=True)
    lines[number] = lines[number].replace("T09", "T08")
    chained.write_text("".join(lines))
    assert Anchors.read(chained).misfits


def test_a_line_that_says_nothing_of_those_before_is_told_after_one_that_did(chained):
    with chained.open("a", encoding="utf-8") as file:
        file.write(json.dumps(head(6)) + "\n")
    assert Anchors.read(chained).misfits == (6,)


def test_writers_wait_for_each_other(chained):
    with locked(chained), chained.open("rb") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_file_that_is_not_there_is_nobodys(tmp_path):
    with locked(tmp_path / "missing"):
        assert not (tmp_path / "missing").exists()
