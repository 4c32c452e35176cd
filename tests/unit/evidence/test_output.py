"""Hostile and huge output is kept safely."""

import hashlib
import json

import pytest

from amanat.evidence import Redactor
from amanat.evidence.output import KEPT_CHARACTERS, keep, printable
from amanat.evidence.run import encode


def test_plain_output_is_kept_as_it_is() -> None:
    kept = keep("سلام\n".encode(), Redactor())
    assert (kept.text, kept.bytes, kept.truncated, kept.utf8) == ("سلام\n", 9, False, True)
    assert kept.sha256 == hashlib.sha256("سلام\n".encode()).hexdigest()


def test_huge_output_keeps_both_ends_and_the_digest_of_the_whole() -> None:
    raw = b"BEGIN" + b"x" * (10 * KEPT_CHARACTERS) + b"END"
    kept = keep(raw, Redactor())
    assert kept.truncated
    assert len(kept.text) < KEPT_CHARACTERS + 100
    assert kept.text.startswith("BEGIN")
    assert kept.text.endswith("END")
    assert kept.bytes == len(raw)
    assert kept.sha256 == hashlib.sha256(raw).hexdigest()


def test_a_secret_across_the_cut_is_gone_before_the_cut() -> None:
    secret = "s3cret-value-of-some-length"
    raw = ("x" * (KEPT_CHARACTERS // 2 - 5) + secret + "y" * KEPT_CHARACTERS).encode()
    assert "s3cre" not in keep(raw, Redactor([secret])).text


def test_bytes_that_are_no_text_stay_visible() -> None:
    kept = keep(b"ok \xff\xfe\x00", Redactor())
    assert kept.text == "ok \\xff\\xfe\x00"
    assert not kept.utf8


@pytest.mark.parametrize(
    "raw", [b"\x1b[2J\x1b]0;title\x07", "\u202egnp.exe".encode(), bytes(range(256)), b"\xed\xa0\x80"]
)
def test_evidence_files_hold_printable_ascii_only(raw: bytes) -> None:
    data = encode({"stdout": keep(raw, Redactor()).as_json()})
    assert all(32 <= byte < 127 or byte == 10 for byte in data)
    assert json.loads(data)


def test_a_terminal_never_sees_control_characters() -> None:
    assert printable("a\x1b[31m\u202eb\n\tسلام") == "a\\x1b[31m\\x202eb\n\tسلام"
