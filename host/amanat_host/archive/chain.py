"""The archive's chain computed once more, by its documented form and with nothing of the archive's own code.

The archive's verifier is code in the database that it judges: who may replace it may have it say that all is well. Here
the columns are read as PostgreSQL's own types send them (COPY, binary form), and canonical forms, digests and hashes of
seals are computed in Python. What is computed is what `entry` and `seal_hash` say in the migration `chain.sql` (ADR 8):

    digest of a record   SHA-256 of a JSON array: its kind, then its fields
    hash of a seal       SHA-256 of the hash before it, and of a JSON array: "seal", its fields, the digests' SHA-256
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from amanat_host.errors import HostError

_SIGNATURE = b"PGCOPY\n\xff\r\n\0"

Row = list[bytes | None]
Decoder = Callable[[bytes], Any]


def integer(sent: bytes | bytearray) -> int:
    """An integer, or a date as days since 2000-01-01."""
    return int.from_bytes(sent, "big", signed=True)


def hexadecimal(sent: bytes) -> str:
    """Bytes, or a time as microseconds since 2000-01-01Z, in hexadecimal digits."""
    return sent.hex()


def text(sent: bytes) -> str:
    """A text."""
    return sent.decode()


def digest(sent: bytes) -> str:
    """The SHA-256 of bytes that the canonical form doesn't repeat."""
    return hashlib.sha256(sent).hexdigest()


@dataclass(frozen=True)
class Kind:
    """A kind of record: its table, the word that its canonical form begins with, its columns and what they send.

    The first three columns are `id`, `xact` and `recorded_at`.
    """

    table: str
    word: str
    fields: Mapping[str, Decoder]


_PLACE: Mapping[str, Decoder] = {"id": integer, "xact": integer, "recorded_at": hexadecimal}
KINDS: Mapping[str, Kind] = {
    "m": Kind(
        "message",
        "message",
        {
            **_PLACE,
            "sent_at": hexadecimal,
            "received_at": hexadecimal,
            "key_id": integer,
            "client_port": integer,
            "channel": text,
            "direction": text,
            "origin": text,
            "destination": text,
            "client_ip::text": text,
            "content": digest,
        },
    ),
    "t": Kind(
        "transaction",
        "transaction",
        {
            **_PLACE,
            "occurred_at": hexadecimal,
            "client_port": integer,
            "user_ref": text,
            "kind": text,
            "amount::text": text,
            "currency": text,
            "means": text,
            "reference": text,
            "client_ip::text": text,
        },
    ),
    "a": Kind(
        "access",
        "access",
        {
            **_PLACE,
            "occurred_at": hexadecimal,
            "client_port": integer,
            "account": text,
            "event": text,
            "outcome": text,
            "client_ip::text": text,
            "user_agent": text,
            "request_id": text,
        },
    ),
    "d": Kind(
        "disclosure",
        "disclosure",
        {
            **_PLACE,
            "order_number": text,
            "order_date": integer,
            "approver": text,
            "selector::text": text,
            "requested_by": text,
            "requested_from::text": text,
            "record_ids::text": text,
        },
    ),
    "k": Kind("data_key", "data key", {**_PLACE, "sealing_key_id": integer, "sealed": hexadecimal}),
    "s": Kind("sealing_key", "sealing key", {**_PLACE, "key": hexadecimal}),
    "e": Kind("event", "event", {**_PLACE, "kind": text, "detail::text": text, "done_by": text}),
}
_SEAL: Mapping[str, Decoder] = {
    "seq": integer,
    "from_xact": integer,
    "to_xact": integer,
    "sealed_at": hexadecimal,
    "total": integer,
    "kinds::text": text,
    "months::text": text,
    "ids::text": text,
    "digests": bytes,
    "prev_hash": bytes,
    "hash": bytes,
}


@dataclass(frozen=True)
class Seal:
    """A row of the chain, its lists as PostgreSQL writes them."""

    seq: int
    from_xact: int
    to_xact: int
    sealed_at: str
    total: int
    kinds: str
    months: str
    ids: str
    digests: bytes
    prev_hash: bytes
    hash: bytes

    def computed_hash(self) -> bytes:
        """What the hash of this seal must be."""
        fields = ["seal", self.seq, self.from_xact, self.to_xact, self.sealed_at, self.total]
        fields += [self.kinds, self.months, self.ids, digest(self.digests)]
        return hashlib.sha256(self.prev_hash + _canonical(fields)).digest()

    def entries(self) -> list[tuple[str, int, int, bytes]]:
        """The records that it lists: kind, id, month (of access records the day), digest.

        Raises ValueError when its lists differ in length.
        """
        kinds, months, ids = _elements(self.kinds), _elements(self.months), _elements(self.ids)
        digests = [self.digests[start : start + 32] for start in range(0, len(self.digests), 32)]
        return [
            (kind, int(number), int(month), listed)
            for kind, month, number, listed in zip(kinds, months, ids, digests, strict=True)
        ]


@dataclass(frozen=True)
class Fault:
    """The first bad record or seal, in the verifier's words."""

    kind: str
    id: int
    seal: int | None
    reason: str


@dataclass(frozen=True)
class Computed:
    """What was computed over a stretch of the chain: how much, its newest seal, and the first fault, if any."""

    records: int
    seq: int
    hash: str
    fault: Fault | None


class Session:
    """Reads plain columns of the archive through one psycopg2 connection; errors repeat no record."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - psycopg2 has no types
        self._connection = connection

    def copied(self, select: str, take: Callable[[Row], None]) -> None:
        """Give each row of a query to `take`, in binary form. Raises `HostError` with the SQLSTATE."""
        rows = _Rows(take)
        with self._connection.cursor() as cursor:
            cursor.copy_expert(f"COPY ({select}) TO STDOUT (FORMAT binary)", rows)
        rows.end()

    def seals(self, first: int, last: int) -> list[Seal]:
        """The seals of these heights that are there, in order."""
        found: list[Seal] = []
        self.copied(
            f"SELECT {', '.join(_SEAL)} FROM archive.seal WHERE seq BETWEEN {first:d} AND {last:d} ORDER BY seq",
            lambda row: found.append(Seal(*_decoded(row, _SEAL))),
        )
        return found

    def digests(self, from_xact: int, to_xact: int) -> dict[tuple[str, int], list[tuple[int, bytes]]]:
        """The digest of every record of a range of the archive's clock, and its place there: by kind and id."""
        found: dict[tuple[str, int], list[tuple[int, bytes]]] = {}

        def taking(letter: str, kind: Kind) -> Callable[[Row], None]:
            def take(row: Row) -> None:
                fields = _decoded(row, kind.fields)
                made = hashlib.sha256(_canonical([kind.word, *fields])).digest()
                found.setdefault((letter, fields[0]), []).append((fields[1], made))

            return take

        for letter, kind in KINDS.items():
            self.copied(
                f"SELECT {', '.join(kind.fields)} FROM archive.{kind.table}"
                f" WHERE xact >= {from_xact:d} AND xact < {to_xact:d}",
                taking(letter, kind),
            )
        return found

    def expired_months(self) -> set[tuple[str, int]]:
        """What went after its retention: kind, and month of messages and transactions, day of access records."""
        found: set[tuple[str, int]] = set()

        def take(row: Row) -> None:
            kind, _, month = text(row[0] or b"").partition(":")
            found.add((kind, int(month)))

        self.copied(
            "SELECT detail ->> 'expired' FROM archive.event"
            " WHERE kind = 'expiry' AND detail ->> 'expired' ~ '^[amt]:[0-9]+$'",
            take,
        )
        return found


def compute(session: Session, first: int, last: int) -> Computed:
    """Compute the chain from seal `first` to seal `last`; the one before `first` is taken for its hash and its end.

    Raises:
        HostError: a column is missing, or the database fails.
    """
    there = session.seals(first - 1, last)
    if not there or there[0].seq != first - 1:
        return Computed(0, first - 1, "", Fault("seal", first - 1, first - 1, "missing"))
    before, *seals = there
    listed: dict[tuple[str, int], tuple[int, int, bytes]] = {}
    newest, broken = before, None
    for seal in seals:
        broken = seal_fault(seal, newest)
        if broken:
            break
        listed |= {(kind, number): (seal.seq, month, made) for kind, number, month, made in seal.entries()}
        newest = seal
    if broken is None and newest.seq != last:
        broken = Fault("seal", newest.seq + 1, newest.seq + 1, "missing")
    found = session.digests(before.to_xact, newest.to_xact)
    fault = record_fault(listed, found, session.expired_months(), [before, *seals]) or broken
    return Computed(len(listed), newest.seq, newest.hash.hex(), fault)


def seal_fault(seal: Seal, before: Seal) -> Fault | None:
    """What is wrong with a seal itself, given the one before it."""

    def fault(reason: str) -> Fault:
        return Fault("seal", seal.seq, seal.seq, reason)

    if seal.seq != before.seq + 1:
        return Fault("seal", before.seq + 1, before.seq + 1, "missing")
    if seal.hash != seal.computed_hash():
        return fault("the seal was altered")
    try:
        entries = seal.entries()
    except ValueError:
        return fault("the seal was altered")
    continues = (seal.prev_hash, seal.from_xact, seal.total) == (
        before.hash,
        before.to_xact,
        before.total + len(entries),
    )
    return None if continues else fault("the seal does not continue the one before it")


def record_fault(
    listed: Mapping[tuple[str, int], tuple[int, int, bytes]],
    found: Mapping[tuple[str, int], list[tuple[int, bytes]]],
    expired: set[tuple[str, int]],
    seals: list[Seal],
) -> Fault | None:
    """The first record that is altered, missing, added or doubled: by seal, kind, id.

    `listed` is (seal, month, digest) by kind and id, `found` is (place, digest) of what is there.
    """
    faults: list[tuple[int, str, int, str]] = []
    for (kind, number), (seq, month, made) in listed.items():
        there = found.get((kind, number), [])
        if not there and (kind, month) not in expired:
            faults.append((seq, kind, number, "missing"))
        elif len(there) > 1:
            faults.append((seq, kind, number, "present more than once"))
        elif there and there[0][1] != made:
            faults.append((seq, kind, number, "altered"))
    for (kind, number), there in found.items():
        if (kind, number) not in listed:
            seq = next((seal.seq for seal in seals if seal.to_xact > there[0][0]), seals[-1].seq)
            faults.append((seq, kind, number, "added after its range was sealed"))
    if not faults:
        return None
    seq, kind, number, reason = min(faults)
    return Fault(KINDS[kind].table, number, seq, reason)


def _canonical(fields: list[Any]) -> bytes:
    """PostgreSQL's text of a JSON array: a comma and a blank between fields, UTF-8 as it is."""
    return json.dumps(fields, ensure_ascii=False).encode()


def _decoded(row: Row, fields: Mapping[str, Decoder]) -> list[Any]:
    return [None if sent is None else decode(sent) for sent, decode in zip(row, fields.values(), strict=True)]


def _elements(array: str) -> list[str]:
    """The elements of a one-dimensional array of letters or integers. Raises ValueError for anything else."""
    if not (array.startswith("{") and array.endswith("}")):
        raise ValueError("not an array")
    return array[1:-1].split(",") if array != "{}" else []


class _Rows:
    """A file that is written to in COPY's binary form, and gives each row away as it is whole."""

    def __init__(self, take: Callable[[Row], None]) -> None:
        self._take = take
        self._rest = bytearray()
        self._begun = False
        self._ended = False

    def write(self, data: bytes) -> int:
        self._rest += data
        if not self._begun and len(self._rest) >= len(_SIGNATURE) + 8:
            self._begin()
        while self._begun and not self._ended and self._row():
            pass
        return len(data)

    def end(self) -> None:
        """Raises `HostError` when the last row never came."""
        if not self._ended:
            raise HostError("PostgreSQL's copy has no end")

    def _begin(self) -> None:
        if not self._rest.startswith(_SIGNATURE):
            raise HostError("PostgreSQL sends another form than COPY's binary one")
        extension = integer(self._rest[len(_SIGNATURE) + 4 : len(_SIGNATURE) + 8])
        if extension:
            raise HostError("PostgreSQL sends an extended form of COPY's binary one")
        del self._rest[: len(_SIGNATURE) + 8]
        self._begun = True

    def _row(self) -> bool:
        """Take one row off what has come; False where it is not whole yet."""
        if len(self._rest) < 2:  # noqa: PLR2004 - the number of columns
            return False
        columns, at = integer(self._rest[:2]), 2
        if columns < 0:
            self._ended = True
            return False
        row: Row = []
        for _ in range(columns):
            if len(self._rest) < at + 4:
                return False
            size, at = integer(self._rest[at : at + 4]), at + 4
            if len(self._rest) < at + max(size, 0):
                return False
            row.append(None if size < 0 else bytes(self._rest[at : at + size]))
            at += max(size, 0)
        del self._rest[:at]
        self._take(row)
        return True
