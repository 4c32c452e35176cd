"""Compute the chain anew, and show that a superuser's edits are caught: on a scratch copy, never on real records.

The archive's verifier can be replaced by whoever may edit records. So two judges are asked about the same: that
verifier, as it is deployed, and `amanat_host.archive.chain`, which shares no code with it. To load the verifier from
our migrations instead would need all of them here, and would repeat an error that they have; a second implementation
shows that, too.

Both are asked about a copy as it is, and after edits of several kinds. The second also computes the newest live records
and a stretch of older ones, drawn at random, whatever the live verifier says of them. It tells of records what an
auditor may know of them: kind, id, seal, reason.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import secrets
from collections.abc import Iterator
from typing import Any

import psycopg2

from amanat_host.answers.archive import Edit, Fault, Recomputed, TamperTrial
from amanat_host.archive.chain import Computed, Session, compute
from amanat_host.archive.cluster import PSQL, REAL, Scratch, become_postgres, query, run
from amanat_host.entry import probe
from amanat_host.errors import Exit, HostError

NEWEST_RECORDS = 1000
SETTINGS = {"shared_buffers": "16MB", "fsync": "off", "autovacuum": "off", "max_connections": "10"}
TABLES = ("sealing_key", "data_key", "message", "transaction", "access", "disclosure", "event")
# The first seal copied for its hash alone, the range of the archive's clock after it, and the newest message there.
RANGE = f"""
SELECT json_build_object('before', b.seq, 'last', h.seq, 'from', b.to_xact, 'until', h.to_xact, 'clock', c.now,
    'message', (SELECT max(id) FROM archive.message WHERE xact >= b.to_xact AND xact < h.to_xact))
FROM (SELECT * FROM archive.seal ORDER BY seq DESC LIMIT 1) AS h,
     LATERAL (SELECT * FROM archive.seal WHERE seq < h.seq AND (total < h.total - {NEWEST_RECORDS} OR seq = 0)
              ORDER BY seq DESC LIMIT 1) AS b,
     (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint + clock_offset AS now FROM archive.machine) AS c;
"""
STRETCH = f"""
SELECT max(seq) FROM archive.seal AS s
WHERE s.seq >= {{first}}
  AND (s.seq = {{first}} OR s.total <= (SELECT total FROM archive.seal WHERE seq = {{first}}) + {NEWEST_RECORDS});
"""
OPTIONS = r"-c search_path=pg_catalog -c default_transaction_isolation=repeatable\ read"
# What is copied is no change to put on record: events are copied, too.
UNRECORDED = """
ALTER TABLE archive.machine DISABLE TRIGGER USER;
ALTER TABLE archive.sealing_key DISABLE TRIGGER USER;
"""
UNPROTECT = """
ALTER TABLE archive.message DISABLE TRIGGER append_only;
ALTER TABLE archive.seal DISABLE TRIGGER append_only;
"""
ADDED_AFTER = 1_000_000  # far beyond the newest id of the copy
# By name: the statement, and what is to be named.
_MESSAGE = "WHERE id = {message} AND xact >= {from} AND xact < {until}"
EDITS = {
    "content": (
        "UPDATE archive.message SET content ="
        " set_byte(content, octet_length(content) - 1, get_byte(content, octet_length(content) - 1) # 1) "
        + _MESSAGE,
        "message",
    ),
    "party": ("UPDATE archive.message SET destination = destination || '0' " + _MESSAGE, "message"),
    "time": (
        "UPDATE archive.message SET sent_at = sent_at + interval '1 microsecond' " + _MESSAGE,
        "message",
    ),
    "removed": ("DELETE FROM archive.message " + _MESSAGE, "message"),
    "added": (
        "INSERT INTO archive.message (id, xact, recorded_at, sent_at, received_at, key_id, client_port, channel,"
        " direction, origin, destination, client_ip, content) OVERRIDING SYSTEM VALUE"
        f" SELECT id + {ADDED_AFTER}, xact, recorded_at, sent_at, received_at, key_id, client_port, channel,"
        " direction, origin, destination, client_ip, content FROM archive.message " + _MESSAGE,
        "added",
    ),
    "seal": (
        "UPDATE archive.seal SET sealed_at = sealed_at + interval '1 microsecond' WHERE seq = {last}",
        "seal",
    ),
}


class NoMessage(HostError):
    """Nothing to try on."""

    status = Exit.NOTHING_TO_TRY


def copy_schema(scratch: Scratch) -> None:
    """The deployed schema itself, functions and all, so that the deployed verifier is what is tried."""
    query("CREATE SCHEMA crypto; CREATE EXTENSION pgcrypto SCHEMA crypto;", scratch.where)
    schema = run(["pg_dump", "--schema-only", "--schema=archive"], **REAL)
    query(schema.decode(), scratch.where)


def copy_rows(scratch: Scratch, window: dict[str, int]) -> None:
    """The newest seals and every record of their ranges."""
    start, until = window["from"], window["until"]
    query(UNRECORDED, scratch.where)
    query(
        "INSERT INTO archive.machine (pepper, clock_offset, partitions_from, partitions_until)"
        f" VALUES ('', {window['clock']}, now(), now());",
        scratch.where,
    )
    copy(
        scratch, "seal", f"SELECT * FROM archive.seal WHERE seq >= {window['before']} AND to_xact <= {until}"
    )
    for table in TABLES:
        whole = table in {"sealing_key", "event"}
        chosen = f"xact < {until}" if whole else f"xact >= {start} AND xact < {until}"
        if table == "data_key":  # older ones, too, that these messages are sealed with
            chosen += (
                f" OR id IN (SELECT key_id FROM archive.message WHERE xact >= {start} AND xact < {until})"
            )
        copy(scratch, table, f"SELECT * FROM archive.{table} WHERE {chosen}")


def copy(scratch: Scratch, table: str, rows: str) -> None:
    """Rows of the real archive into the scratch table of that name."""
    data = run([*PSQL, "--command", f"COPY ({rows}) TO STDOUT"], **REAL)
    run([*PSQL, "--command", f"COPY archive.{table} FROM STDIN"], data, **scratch.where)


@contextlib.contextmanager
def connected(where: dict[str, str]) -> Iterator[Any]:
    """A connection of psycopg2's own; its errors become SQLSTATEs, since their texts repeat records."""
    try:
        connection = psycopg2.connect(
            host=where["PGHOST"], dbname=where["PGDATABASE"], user=where["PGUSER"], options=OPTIONS
        )
        with contextlib.closing(connection):
            yield connection
    except psycopg2.Error as error:
        raise HostError(f"PostgreSQL refuses: {error.pgcode or type(error).__name__}") from None


def recomputed(connection: Any, first: int, last: int) -> Computed:  # noqa: ANN401 - psycopg2 has no types
    """The chain from seal `first` to `last` as this program computes it."""
    return compute(Session(connection), first, last)


def answered(computed: Computed) -> Recomputed:
    """What of a computation is answered."""
    return Recomputed(computed.records, computed.seq, fault_of(computed))


def fault_of(computed: Computed) -> Fault | None:
    """The fault, as the verifier tells one."""
    return dataclasses.asdict(computed.fault) if computed.fault else None


def older(connection: Any, window: dict[str, int]) -> Computed:  # noqa: ANN401 - psycopg2 has no types
    """A stretch that begins at a seal nobody can foretell."""
    first = 1 + secrets.randbelow(window["last"])
    return recomputed(connection, first, int(query(STRETCH.format(first=first), REAL)))


def verdict(connection: Any, first_seal: int) -> Fault | None:  # noqa: ANN401 - psycopg2 has no types
    """The first bad record by the archive's own verifier, or None when the chain holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_json(v) FROM archive.verify(%s) AS v", (first_seal,))
        row = cursor.fetchone()
    return dict(row[0]) if row else None


def edited(connection: Any, window: dict[str, int]) -> dict[str, Edit]:  # noqa: ANN401 - psycopg2 has no types
    """Make each edit in a transaction of its own, ask both, and take it back."""
    ids = {"message": window["message"], "added": window["message"] + ADDED_AFTER, "seal": window["last"]}
    first, last = window["before"] + 1, window["last"]
    found = {}
    for name, (statement, target) in EDITS.items():
        with connection.cursor() as cursor:
            cursor.execute(statement.format(**window))
            if cursor.rowcount != 1:
                raise HostError(f"the edit of the {name} changed {cursor.rowcount} rows of the copy")
        found[name] = Edit(
            ("seal" if target == "seal" else "message", ids[target]),
            verdict(connection, first),
            fault_of(recomputed(connection, first, last)),
        )
        connection.rollback()
    return found


def replica_refused(scratch: Scratch) -> bool:
    """Whether replication mode alone lets the edit through."""
    attempt = "SET session_replication_role = replica; UPDATE archive.message SET origin = 'x';"
    try:
        run([*PSQL, "--command", attempt], **scratch.where)
    except HostError:
        return True
    return False


def tampered() -> TamperTrial:
    """Compute the live chain; copy, ask, edit, ask."""
    become_postgres()
    said = query(RANGE, REAL)
    window = json.loads(said) if said else {}
    if not window.get("message"):
        raise NoMessage("the newest seals hold no message to try on; record one first")
    first, last = window["before"] + 1, window["last"]
    with connected(REAL) as live:
        newest, drawn = recomputed(live, first, last), older(live, window)
    with Scratch(SETTINGS) as scratch:
        copy_schema(scratch)
        copy_rows(scratch, window)
        refused = replica_refused(scratch)
        query(UNPROTECT, scratch.where)
        with connected(scratch.where) as copied:
            clean, ours = verdict(copied, first), fault_of(recomputed(copied, first, last))
            copied.rollback()
            edits = edited(copied, window)
    return TamperTrial(answered(newest), newest.hash, answered(drawn), clean, ours, refused, edits)


main = probe(__doc__, {"": tampered}, long_seconds={"": 250})
