"""Read the database cluster's whole state and print it as JSON. Changes nothing, takes no arguments.

Never a password, its verifier, an option that may hold one, or a row of what users write.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2

from amanat_host.answers.state import State
from amanat_host.entry import probe
from amanat_host.errors import HostError
from amanat_host.state import (
    database_cluster,
    database_files,
    database_objects,
    database_rows,
    months,
    postmaster,
)
from amanat_host.state.system_catalogue import RIGHTS, Rows, SystemCatalogue, unlike

SOCKET = "/run/postgresql"
# No role's or database's settings, nor triggers of a login, decide what is read; names come with their schemas.
OPTIONS = " ".join(
    f"-c {setting}"
    for setting in (
        "search_path=pg_catalog,pg_temp",
        "event_triggers=off",
        "default_transaction_read_only=on",
        "default_transaction_isolation=read\\ committed",
        "statement_timeout=30s",
        "lock_timeout=10s",
        "lc_messages=C",
        "timezone=UTC",
        "datestyle=ISO",
        "intervalstyle=postgres",
        "bytea_output=hex",
        "quote_all_identifiers=off",
        "extra_float_digits=1",
        "enable_seqscan=on",
    )
)
DATABASES = "SELECT datname FROM pg_database WHERE datallowconn ORDER BY datname"


@contextlib.contextmanager
def connected(database: str) -> Iterator[Rows]:
    """A session of the superuser in a database, as a function that gives a query's rows."""
    session: Any = psycopg2.connect(
        host=SOCKET,
        dbname=database,
        user="postgres",
        application_name="amanat-probe-database",
        options=OPTIONS,
    )
    session.autocommit = True

    def rows(query: str, parameters: tuple[Any, ...] | None = None) -> list[tuple[Any, ...]]:
        with session.cursor() as cursor:
            cursor.execute(query, parameters)
            return list(cursor.fetchall())

    with contextlib.closing(session):
        yield rows


def pairs(rows: Rows, *queries: str) -> dict[str, str]:
    """What queries for item and value give. What was dropped while it was read has no value, and is left out.

    Should two things have one name, both are told: the second is never hidden by the first.
    """
    found: dict[str, str] = {}
    for query in queries:
        for item, value in rows(query):
            if item is not None and value is not None:
                same = found.get(item, value) == value
                found[item] = value if same else f"{found[item]}, and {value}"
    return found


def read() -> State:
    """The whole dimension `database`. Raises HostError where a database refuses to be read."""
    try:
        return read_all()
    except psycopg2.Error as error:
        raise HostError((error.pgerror or str(error)).strip().splitlines()[0]) from error


def read_all() -> State:
    """The state of the server and of each of its databases, one session after the other. Raises psycopg2.Error."""
    now = datetime.now(UTC)
    with connected("postgres") as server:
        names = [name for (name,) in server(DATABASES)]
        items = pairs(server, *database_cluster.QUESTIONS)
        ((loaded, data),) = server(database_cluster.LOADED)
        files = [file for (file,) in server(database_cluster.READ_FILES)]
    read_files, since = postmaster.newer_than(loaded, files)
    foreign, foreign_since = database_files.items(Path(data), connected)
    items |= postmaster.items(Path(data)) | read_files | foreign
    digests = {}
    for name in names:
        with connected(name) as rows:
            catalogue = SystemCatalogue(rows)
            digests[name] = catalogue.items()
            own = pairs(rows, *database_objects.QUESTIONS, RIGHTS)
            own |= digests[name] | catalogue.made_here() | database_rows.items(rows)
        items |= {f"{name}: {item}": value for item, value in months.normalised(own, now).items()}
    return State(unlike(digests, row_by_row) | items, since | foreign_since)


def row_by_row(database: str, item: str) -> dict[str, str]:
    """The rows behind one digest of a database's system catalogue."""
    with connected(database) as rows:
        return SystemCatalogue(rows).row_by_row(item)


main = probe(__doc__, {"": read})
