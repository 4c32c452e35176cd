"""Show that the verifier catches a superuser's edit: on a scratch copy of the newest records, never on real ones.

Prints one JSON object: what the verifier said of the copy before and after the edit.
"""

from __future__ import annotations

import json

from amanat_host.answers.archive import TamperTrial
from amanat_host.archive.cluster import PSQL, REAL, Scratch, become_postgres, query, run
from amanat_host.entry import probe
from amanat_host.errors import Exit, HostError

NEWEST_RECORDS = 1000
SETTINGS = {"shared_buffers": "16MB", "fsync": "off", "autovacuum": "off", "max_connections": "10"}
TABLES = ("sealing_key", "data_key", "message", "transaction", "disclosure", "event")
# The first seal copied for its hash alone, the range of the archive's clock after it, and the newest message there.
RANGE = f"""
SELECT json_build_object('before', b.seq, 'from', b.to_xact, 'until', h.to_xact, 'clock', c.now, 'message', (
    SELECT max(id) FROM archive.message WHERE xact >= b.to_xact AND xact < h.to_xact))
FROM (SELECT * FROM archive.seal ORDER BY seq DESC LIMIT 1) AS h,
     LATERAL (SELECT * FROM archive.seal WHERE seq < h.seq AND (total < h.total - {NEWEST_RECORDS} OR seq = 0)
              ORDER BY seq DESC LIMIT 1) AS b,
     (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint + clock_offset AS now FROM archive.machine) AS c;
"""
EDIT = """
SET session_replication_role = replica;
ALTER TABLE archive.message DISABLE TRIGGER append_only;
UPDATE archive.message
SET content = set_byte(content, octet_length(content) - 1, get_byte(content, octet_length(content) - 1) # 1)
WHERE id = {id} AND xact >= {start};
"""


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


def verdict(scratch: Scratch, first_seal: int) -> dict[str, object] | None:
    """The first bad record, or None when the chain holds."""
    said = query(f"SELECT to_json(v) FROM archive.verify({first_seal}) AS v;", scratch.where)
    return dict(json.loads(said)) if said else None


def replica_refused(scratch: Scratch) -> bool:
    """Whether replication mode alone lets the edit through."""
    attempt = "SET session_replication_role = replica; UPDATE archive.message SET origin = 'x';"
    try:
        run([*PSQL, "--command", attempt], **scratch.where)
    except HostError:
        return True
    return False


def tampered() -> TamperTrial:
    """Copy, verify, edit, verify."""
    become_postgres()
    said = query(RANGE, REAL)
    window = json.loads(said) if said else {}
    if not window.get("message"):
        raise NoMessage("the newest seals hold no message to try on; record one first")
    with Scratch(SETTINGS) as scratch:
        copy_schema(scratch)
        copy_rows(scratch, window)
        first = window["before"] + 1
        clean = verdict(scratch, first)
        refused = replica_refused(scratch)
        query(EDIT.format(id=window["message"], start=window["from"]), scratch.where)
        edited = verdict(scratch, first)
    return TamperTrial(clean or "ok", refused, edited, window["message"])


main = probe(__doc__, {"": tampered}, long_seconds={"": 250})
