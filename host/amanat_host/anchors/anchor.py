"""Read the newest head of the archive's chain from the store and write it down here, where the store can't change it.

The heads written before are read from the file given, standard output is where a new line goes: the service manager
opens it for appending. Before a new head is taken, the last one must still be in the chain; when it isn't, that is
written down instead, once, and no head is taken until somebody records a restore (see anchors.py). Nor is one taken
when the file isn't what it was: each line says what was before it, and one more would say that all is well.
While the chain holds, the time here is told to the archive: it purges by two clocks.
Where the database is comes from libpq's environment. Exit status: 0 a head was taken or there is no new one, 1 the
chain no longer holds what was anchored, the file was changed or the store refuses, 75 the store doesn't answer.
"""

from __future__ import annotations

import json
import re
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2

from amanat_host.anchors.history import Anchors, locked
from amanat_host.entry import failed, program
from amanat_host.errors import Exit, HostError

AWAY = re.compile(
    "Connection refused|timed out|timeout expired|No route to host|the database system is"
    "|server closed the connection|terminating connection"
)
TELL = "SELECT archive.tell_time(%s)"
HEAD = "SELECT seq, hash, sealed_at, records FROM archive.heads()"


def head(cursor: Any) -> dict[str, object]:  # noqa: ANN401 - psycopg2 has no types
    """The chain's newest head."""
    cursor.execute(HEAD)
    seq, digest, sealed_at, records = cursor.fetchone()
    return {
        "seq": seq,
        "hash": digest,
        "sealed_at": sealed_at.astimezone(UTC).isoformat(),
        "records": records,
    }


def fault(cursor: Any, anchors: Anchors) -> str:  # noqa: ANN401
    """What is wrong with the last anchored head in the chain as it is now; "" when it is there."""
    last = anchors.last
    if last is None:
        return ""
    cursor.execute("SELECT reason FROM archive.verify_head(%s, %s)", (last["seq"], last["hash"]))
    row = cursor.fetchone()
    return str(row[0]) if row else ""


def look(connection: Any, anchors: Anchors) -> tuple[bool, dict[str, object] | None]:  # noqa: ANN401
    """Whether the chain holds, and the line to add if there is one. Raises psycopg2.Error."""
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
    with connection.cursor() as cursor:
        wrong = fault(cursor, anchors)
        newest = head(cursor)
    connection.rollback()
    now = datetime.now(UTC).isoformat()
    if wrong:
        line: dict[str, object] = {
            "kind": "broken",
            "at": now,
            "anchor": anchors.last,
            "found": newest,
            "reason": wrong,
        }
        return False, None if anchors.is_broken else line
    if anchors.last and anchors.last["seq"] == newest["seq"] and not anchors.is_broken:
        return True, {"kind": "held", "at": now, **newest}
    return True, {"kind": "head", "at": now, **newest}


def tell_time(connection: Any) -> None:  # noqa: ANN401
    """Tell the archive the time here: it purges nothing by its own clock alone. Raises psycopg2.Error."""
    connection.set_session(isolation_level="READ COMMITTED", readonly=False)
    with connection.cursor() as cursor:
        cursor.execute(TELL, (datetime.now(UTC),))
    connection.commit()


class Away(HostError):
    """The store doesn't answer now; it may later."""

    status = Exit.NO_ANSWER


@program
def main() -> int:
    """Look once."""
    file = Path(sys.argv[1])
    with locked(file):
        return anchor(Anchors.read(file))


def anchor(anchors: Anchors) -> int:
    """Look, write the line that comes of it, and tell the time while the chain holds; gives the exit status.

    Raises:
        HostError: the store doesn't answer, or refuses.
        ForgottenAnchors: the file is not what it was.
    """
    try:
        with closing(
            psycopg2.connect(application_name="amanat-archive-anchor", connect_timeout=10)
        ) as connection:
            holds, line = look(connection, anchors)
            if line is not None:
                print(json.dumps(anchors.following(line)), flush=True)
            if holds:
                tell_time(connection)
    except psycopg2.Error as error:
        said = " ".join(str(error).split())
        if isinstance(error, psycopg2.OperationalError) and AWAY.search(said):
            raise Away(f"the store doesn't answer: {said}") from error
        raise HostError(said) from error
    return Exit.DONE if holds else failed("the archive's chain no longer holds the last anchored head")
