"""The chain computed anew: over what PostgreSQL sent of an archive whose own functions made the seals."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from amanat_host.archive import chain
from amanat_host.archive.chain import Fault, Session, compute
from amanat_host.errors import HostError
from tests.unit.host.database import Connection

# COPY's binary form of each table, in hexadecimal lines: texts of all kinds, two seals after the first.
SENT = {
    table: bytes.fromhex("".join(lines))
    for table, lines in json.loads((Path(__file__).parent / "chain.json").read_text("ascii")).items()
}
HEADER = SENT["event"][:19]
END = b"\xff\xff"
CONTENT = bytes.fromhex("c4ca4238a0b923820dcc509a6f75849b")  # of message 1


class Database(Connection):
    """A connection to an archive of which this was sent."""

    def __init__(self, **changed):
        self.sent = {**SENT, **changed}

    def copy_expert(self, statement, file):
        table = re.search(r"FROM archive\.(\w+)", statement)[1]
        given = HEADER + END if "expired" in statement else self.sent[table]
        bounds = re.search(r"xact >= (-?\d+) AND xact < (-?\d+)", statement)
        if bounds and given.endswith(END):
            inside = range(*map(int, bounds.groups()))
            given = sent(
                *(row for row in rows(given) if int.from_bytes(row[18:26], "big", signed=True) in inside)
            )
        for start in range(0, len(given), 7):
            file.write(given[start : start + 7])


def computed(**changed):
    """The whole chain of such an archive."""
    return compute(Session(Database(**changed)), 1, 2)


def rows(given):
    """The rows of what was sent, each as it was."""
    made, at = [], len(HEADER)
    while given[at : at + 2] != END:
        start, at = at, at + 2
        for _ in range(int.from_bytes(given[start:at], "big")):
            at += 4 + max(int.from_bytes(given[at : at + 4], "big", signed=True), 0)
        made.append(given[start:at])
    return made


def sent(*made):
    return HEADER + b"".join(made) + END


def test_what_the_archives_own_functions_sealed_is_computed_alike():
    found = computed()
    assert found.fault is None
    assert (found.records, found.seq) == (16, 2)
    assert bytes.fromhex(found.hash) in SENT["seal"]


@pytest.mark.parametrize("table", [kind.table for kind in chain.KINDS.values()])
def test_each_column_of_each_record_is_in_its_digest(table):
    """Whatever byte of a field is changed: the record is named."""
    first, *others = rows(SENT[table])
    changed = bytearray(first)
    at = 2
    while at < len(first):
        size = int.from_bytes(first[at : at + 4], "big", signed=True)
        at += 4
        if size > 0 and at > 6 + 8:  # not of the id, which would make it another record
            changed[at + size - 1] ^= 1
            found = computed(**{table: sent(bytes(changed), *others)}).fault
            assert (found.kind, found.id, found.seal, found.reason) == (table, 1, 1, "altered"), at
            changed[at + size - 1] ^= 1
        at += max(size, 0)


def test_a_flipped_byte_of_content_is_named():
    flipped = SENT["message"].replace(CONTENT, bytes([CONTENT[0] ^ 1]) + CONTENT[1:])
    assert computed(message=flipped).fault == Fault("message", 1, 1, "altered")


def test_a_record_that_went_is_named():
    assert computed(transaction=sent(*rows(SENT["transaction"])[1:])).fault == Fault(
        "transaction", 1, 1, "missing"
    )


def test_one_that_came_later_is_named():
    first, *others = rows(SENT["message"])
    added = first[:6] + (99).to_bytes(8, "big") + first[14:]
    found = computed(message=sent(first, *others, added)).fault
    assert found == Fault("message", 99, 1, "added after its range was sealed")


def test_one_that_is_there_twice_is_named():
    first, *others = rows(SENT["event"])
    assert computed(event=sent(first, first, *others)).fault == Fault("event", 1, 1, "present more than once")


def test_a_month_that_went_after_its_retention_is_no_fault():
    session = Session(Database(transaction=sent()))
    lists = {month for seal in session.seals(1, 2) for kind, _, month, _ in seal.entries() if kind == "t"}
    session.expired_months = lambda: {("t", month) for month in lists}
    assert compute(session, 1, 2).fault is None


@pytest.mark.parametrize("field", [one.name for one in dataclasses.fields(chain.Seal)])
def test_a_seal_whose_field_is_changed_is_named(field):
    before, seal, _ = Session(Database()).seals(0, 2)
    value = getattr(seal, field)
    changed = {
        int: lambda: value + 1,
        str: lambda: value[:-1] + ("0" if value[-1] != "0" else "1"),
        bytes: lambda: bytes([value[0] ^ 1]) + value[1:],
    }[type(value)]()
    found = chain.seal_fault(dataclasses.replace(seal, **{field: changed}), before)
    assert found is not None
    assert found.kind == "seal"


def test_a_chain_that_was_written_anew_does_not_follow_the_seal_before():
    before, seal, _ = Session(Database()).seals(0, 2)
    forged = dataclasses.replace(seal, prev_hash=bytes(32))
    forged = dataclasses.replace(forged, hash=forged.computed_hash())
    assert chain.seal_fault(forged, before).reason == "the seal does not continue the one before it"


@pytest.mark.parametrize(
    ("kept", "missing"), [((1, 2), 0), ((0, 2), 1), ((0, 1), 2)], ids=["first", "middle", "last"]
)
def test_a_seal_that_is_missing_is_named(kept, missing):
    there = rows(SENT["seal"])
    found = computed(seal=sent(*(there[number] for number in kept))).fault
    assert found == Fault("seal", missing, missing, "missing")


@pytest.mark.parametrize("broken", [b"", b"PGCOPY of another kind", HEADER, SENT["event"][:-9]])
def test_what_is_not_sent_whole_is_no_answer(broken):
    with pytest.raises(HostError):
        computed(event=broken)


def test_a_day_of_access_records_that_went_after_its_retention_is_no_fault():
    session = Session(Database(access=sent()))
    days = {day for seal in session.seals(1, 2) for kind, _, day, _ in seal.entries() if kind == "a"}
    assert compute(session, 1, 2).fault == Fault("access", 1, 1, "missing")
    session.expired_months = lambda: {("a", day) for day in days}
    assert compute(session, 1, 2).fault is None
    assert days == {9826}, "2026-11-26, counted from 2000-01-01"
