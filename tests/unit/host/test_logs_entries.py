"""Entries of the journal's export format: whole, in pieces, binary, too large, and what is not the format."""

import hashlib

import pytest

from amanat_host.logs.entries import NotTheFormat, Parser
from tests.unit.host.journal import IDENTITY, exported

BINARY = ((b"MESSAGE", b"x\0\n\n__SEQNUM=5\n\n\xff\xfe"), (b"TAG", b"after"))
PERSIAN = ((b"MESSAGE", "سلام\nدنیا".encode()), (b"EMPTY", b""), (b"INVALID", b"\xff\xfe"))
FORGED = ((b"__SEQNUM", b"7"), (b"MESSAGE", b"__CURSOR=s=1;i=2"))


def fed(data, step, **options):
    parser = Parser(**options)
    found = [one for at in range(0, len(data), step) for one in parser.feed(data[at : at + step])]
    assert not parser.is_within_an_entry
    return found


@pytest.mark.parametrize("step", [1, 2, 7, 100, 10_000])
def test_entries_are_whole_however_they_come(step):
    raw = [
        exported(1),
        exported(2, fields=BINARY),
        exported(3, fields=PERSIAN),
        exported(4, fields=FORGED),
        exported(5),
    ]
    found = fed(b"".join(raw), step)
    assert [one.raw for one in found] == raw
    assert [one.number for one in found] == [1, 2, 3, 4, 5]
    assert {one.numbering for one in found} == {IDENTITY}


@pytest.mark.parametrize("step", [1, 13, 4096])
@pytest.mark.parametrize("value", [b"y" * 5000, b"\n" + b"y" * 5000])
def test_of_a_large_entry_address_length_and_digest_stay(step, value):
    large = exported(2, fields=((b"BEFORE", b"1"), (b"MESSAGE", value), (b"AFTER", b"\n\n")))
    found = fed(exported(1) + large + exported(3), step, largest_bytes=1000)
    assert [one.number for one in found] == [1, 2, 3]
    told = found[1].raw.decode()
    assert (
        f"AMANAT_LARGE_BYTES={len(large)}\nAMANAT_LARGE_SHA256={hashlib.sha256(large).hexdigest()}\n\n"
        in told
    )
    assert len(told) < 500


def test_a_large_entry_is_not_held():
    parser = Parser(largest_bytes=1000)
    start = exported(1)[:-1] + b"BIG\n" + (10**9).to_bytes(8, "little")
    assert list(parser.feed(start)) == []
    for _ in range(100):
        assert list(parser.feed(b"z" * 10_000)) == []
    assert len(parser._bytes) <= 11_000


@pytest.mark.parametrize(
    "data",
    [
        b"MESSAGE=no address\n\n",
        b"no name\n\n",
        exported(1)[:-1] + b"BIN\n" + (3).to_bytes(8, "little") + b"abcdef\n\n",
        exported(1).replace(b"__SEQNUM=1\n", b"__SEQNUM=-1\n"),
        exported(1).replace(IDENTITY.encode() + b"\n", b"short\n"),
        b"\n\n",
    ],
)
def test_what_is_not_the_format_is_refused(data):
    with pytest.raises(NotTheFormat):
        list(Parser().feed(data))
