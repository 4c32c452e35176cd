"""PostgreSQL as a client sees it: logins that are admitted or refused, statements and their SQLSTATE."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from psycopg.types.json import set_json_loads

from amanat.audit.errors import NotChecked

DATABASE = "archive"
CONNECT_SECONDS = 15
BUSY_SECONDS = 30
BUSY_PAUSE_SECONDS = 0.5
TOO_MANY = "too many connections for role"  # a refusal before the login's end comes without its SQLSTATE
_LONGEST_RESULT = 16_000
_LONGEST_PARAMETER = 4_000
Key = TypeVar("Key")
Record = Callable[[Mapping[str, object], Mapping[str, object]], None]


@dataclass(frozen=True)
class Certificate:
    """A client certificate and its key."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Database:
    """Where a client connects, as whom, what it shows and trusts; `empty` is a directory without files."""

    address: str
    port: int
    role: str
    password: str
    authority: Path
    shown: Certificate | None
    empty: Path

    def parameters(self, attempt: Mapping[str, str]) -> dict[str, Any]:
        """libpq's connection parameters for an attempt."""
        nothing = self.empty / "none"  # libpq would else look in ~/.postgresql
        tls = attempt.get("tls", "")
        return {
            "host": self.address,
            "port": self.port,
            "user": self.role,
            "password": self.password,
            "dbname": DATABASE,
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "amanat-audit",
            "sslmode": attempt.get("sslmode", "verify-full"),
            "sslrootcert": str(self.authority),
            "sslcert": str(self.shown.certificate if self.shown else nothing),
            "sslkey": str(self.shown.key if self.shown else nothing),
            **({"ssl_max_protocol_version": tls} if tls else {}),
            "ssl_min_protocol_version": tls or "TLSv1.2",
            "gssencmode": "disable",
            "passfile": str(nothing),
            "sslcrl": str(nothing),
            **({"require_auth": attempt["authentication"]} if "authentication" in attempt else {}),
        }


@dataclass(frozen=True)
class Login:
    """Whether a login was admitted, and the server's or the library's words when not."""

    admitted: bool
    message: str

    def as_json(self) -> dict[str, object]:
        return {"admitted": self.admitted, "message": self.message}


@dataclass(frozen=True)
class Answer:
    """What a statement gave: its rows, or the SQLSTATE and words it was refused with."""

    rows: list[tuple[Any, ...]]
    sqlstate: str
    message: str


def try_login(database: Database, attempt: Mapping[str, str]) -> Login:
    """Try one login."""
    try:
        with psycopg.connect(**database.parameters(attempt)) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError as error:
        return Login(False, " ".join(str(error).split()))
    return Login(True, "")


class Session:
    """An open session; each statement is a transaction of its own."""

    def __init__(self, connection: "psycopg.Connection[tuple[Any, ...]]", record: Record) -> None:
        self._connection = connection
        self._record = record

    @property
    def is_open(self) -> bool:
        """Whether the server still holds the session, which is asked."""
        try:
            self._connection.execute("")
        except psycopg.OperationalError:
            return False
        return True

    def ask(self, statement: str, parameters: Sequence[object] = (), *, keep: bool = True) -> Answer:
        """Run one statement in a transaction of its own, which is rolled back unless `keep`."""
        tried = {"statement": statement, "parameters": list(map(_shown, parameters)), "kept": keep}
        try:
            with self._connection.transaction(force_rollback=not keep):
                cursor = self._connection.execute(sql.SQL(statement), parameters or None)
                rows = cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            answer = Answer([], error.sqlstate or "no SQLSTATE", _said(error))
            self._record(tried, {"sqlstate": answer.sqlstate, "message": answer.message})
            return answer
        self._record(tried, {"rows": len(rows), "result": repr(rows)[:_LONGEST_RESULT]})
        return Answer(rows, "", "")

    def sequence(self, *statements: str | tuple[str, Sequence[object]]) -> list[Answer]:
        """Run statements, or pairs of one and its parameters, as they are, BEGIN and COMMIT among them.

        Ends at the first that is refused, whose answer is the last; what is still open then stays open.
        """
        answers: list[Answer] = []
        for one in statements:
            statement, parameters = (one, ()) if isinstance(one, str) else one
            tried = {"statement": statement, "parameters": list(map(_shown, parameters))}
            try:
                cursor = self._connection.execute(sql.SQL(statement), parameters or None)
                answers.append(Answer(cursor.fetchall() if cursor.description else [], "", ""))
            except psycopg.Error as error:
                answers.append(Answer([], error.sqlstate or "no SQLSTATE", _said(error)))
            done = answers[-1]
            self._record(tried, {"sqlstate": done.sqlstate, "rows": len(done.rows), "message": done.message})
            if done.sqlstate:
                break
        return answers

    def rows(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """What a statement that must work returns; raises `NotChecked` with the SQLSTATE when it fails."""
        answer = self.ask(statement, parameters)
        if answer.sqlstate:
            raise NotChecked(f"{statement} failed: {answer.sqlstate} {answer.message}", "PostgreSQL")
        return answer.rows

    def value(self, statement: str, parameters: Sequence[object] = ()) -> Any:  # noqa: ANN401 - a column of any type
        """The first column of the first row."""
        rows = self.rows(statement, parameters)
        if not rows:
            raise NotChecked(f"{statement} returned no row", "PostgreSQL")
        return rows[0][0]

    def refused_otherwise(
        self, sqlstate: str, statements: Mapping[Key, tuple[str, Sequence[object]]]
    ) -> dict[Key, str]:
        """Of statements that are to be refused with one SQLSTATE, those that aren't, with theirs; nothing is kept."""
        answers = {name: self.refusal(*one) for name, one in statements.items()}
        return {name: answer for name, answer in answers.items() if answer != sqlstate}

    def with_own_table(self, name: str, row: str, statement: tuple[str, Sequence[object]]) -> Answer:
        """What a statement gives after the session has made a table `name` of its own with that row; taken back."""
        made = f"CREATE TEMPORARY TABLE {name} AS SELECT '{row}' AS name, '' AS description"
        answers = self.sequence("BEGIN", made, statement)
        self.sequence("ROLLBACK")
        return answers[-1]

    def refusal(self, statement: str, parameters: Sequence[object] = ()) -> str:
        """The SQLSTATE a statement is refused with, or "" when it works. Whatever it does is rolled back."""
        return self.ask(statement, parameters, keep=False).sqlstate


@contextmanager
def session(database: Database, record: Record) -> Iterator[Session]:
    """Log in with everything right; raises `NotChecked` when the server doesn't let us.

    A role has few connections, and somebody else may have them for a while: that is waited for.
    """
    try:
        connection = _connected(database)
    except psycopg.OperationalError as error:
        record({"login": database.role}, {"admitted": False, "message": _said(error)})
        raise NotChecked(
            f"{database.role} can't log in: {_said(error)}",
            f"{database.address}:{database.port}",
            "Converge the host with `make up`.",
        ) from error
    set_json_loads(
        partial(json.loads, parse_float=Decimal), connection
    )  # an amount is as exact as it was recorded
    # Nothing to commit: what a statement leaves open on purpose ends with the session.
    with closing(connection):
        yield Session(connection, record)


def _connected(database: Database) -> "psycopg.Connection[tuple[Any, ...]]":
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return psycopg.connect(**database.parameters({}), autocommit=True)
        except psycopg.OperationalError as error:
            if TOO_MANY not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(BUSY_PAUSE_SECONDS)


def _shown(value: object) -> str:
    """A parameter as evidence has it: of a long one its beginning, length and digest."""
    text = str(value)
    if len(text) <= _LONGEST_PARAMETER:
        return text
    return f"{text[:64]}… ({len(text)} characters, SHA-256 {hashlib.sha256(text.encode()).hexdigest()})"


def _said(error: psycopg.Error) -> str:
    return " ".join(str(error).split())
