"""Hold PostgreSQL's roles to what the operator set, and end transactions that last too long.

Any role may change its own settings and password (ALTER ROLE, PostgreSQL's manual), and take its time limits away for
its session. `keep` takes what is right from standard input and applies it; `run` compares every second, puts back
what differs, ends sessions that began meanwhile, and ends transactions that are older than their limit or hold what
all need: one that writes holds up the chain of the archive. Where the server is comes from libpq's environment. Runs
as a superuser.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import psycopg2
from psycopg2 import sql

from amanat_host.entry import program
from amanat_host.errors import HostError
from amanat_host.jobs import repeat_until_stopped
from amanat_host.postgresql.transactions import Transactions

KEPT = """
CREATE SCHEMA IF NOT EXISTS guard;
CREATE TABLE IF NOT EXISTS guard.role (name text PRIMARY KEY, verifier text, settings jsonb NOT NULL);
REVOKE ALL ON SCHEMA guard FROM PUBLIC;
"""
# One row for each role that is not as it should be.
DIFFERENT = """
SELECT w.name, w.verifier, w.settings, a.rolpassword IS DISTINCT FROM w.verifier AS password,
       ARRAY(SELECT d.datname FROM pg_db_role_setting AS e JOIN pg_database AS d ON d.oid = e.setdatabase
             WHERE e.setrole = a.oid) AS databases
FROM {wanted} JOIN pg_authid AS a ON a.rolname = w.name
     LEFT JOIN pg_db_role_setting AS s ON s.setrole = a.oid AND s.setdatabase = 0
WHERE a.rolpassword IS DISTINCT FROM w.verifier
   OR EXISTS (SELECT FROM pg_db_role_setting AS e WHERE e.setrole = a.oid AND e.setdatabase <> 0)
   OR w.settings IS DISTINCT FROM coalesce(
        (SELECT jsonb_object_agg(split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)) FROM unnest(s.setconfig) AS c),
        '{{}}')
"""
KEPT_ROLES = "guard.role AS w"
GIVEN_ROLES = "jsonb_to_recordset(%s::jsonb) AS w (name text, verifier text, settings jsonb)"
TAKEN = f"INSERT INTO guard.role SELECT name, verifier, settings FROM {GIVEN_ROLES}"  # noqa: S608 - our own words
OTHER = f"""
(SELECT name, verifier, settings FROM {GIVEN_ROLES} EXCEPT SELECT name, verifier, settings FROM guard.role)
UNION ALL
(SELECT name, verifier, settings FROM guard.role EXCEPT SELECT name, verifier, settings FROM {GIVEN_ROLES})
"""  # noqa: S608 - our own words
# Every transaction holds the lock of its virtual id; roles with a verifier come over the network.
TRANSACTIONS = """
SELECT l.pid, l.virtualtransaction, w.name, w.verifier IS NOT NULL AND t.backend_xid IS NOT NULL AS writes,
       coalesce(substring(w.settings ->> 'transaction_timeout' FROM '^([0-9]+)s$')::integer, 0) AS limit_seconds
FROM pg_locks AS l JOIN pg_stat_get_activity(NULL) AS t ON t.pid = l.pid
     JOIN pg_authid AS a ON a.oid = t.usesysid JOIN guard.role AS w ON w.name = a.rolname
WHERE l.locktype = 'virtualxid' AND l.mode = 'ExclusiveLock' AND l.granted AND NOT a.rolsuper
"""
END_TRANSACTION = """
SELECT pg_terminate_backend(l.pid) FROM pg_locks AS l
WHERE l.pid = %s AND l.virtualtransaction = %s AND l.locktype = 'virtualxid' AND l.mode = 'ExclusiveLock' AND l.granted
"""
# Of clients' sessions, those that have changed something of roles and not committed it, which would stand in the way of
# putting it back; and those that hold a great part of the lock table, without which nobody can log in.
HARMFUL = """
SELECT l.pid, w.name, count(*) AS locks
FROM pg_locks AS l JOIN pg_stat_get_activity(NULL) AS t ON t.pid = l.pid
     JOIN pg_authid AS a ON a.oid = t.usesysid JOIN guard.role AS w ON w.name = a.rolname
WHERE l.granted AND w.verifier IS NOT NULL
GROUP BY l.pid, w.name
HAVING count(*) > %s OR count(*) > 100 AND (
    SELECT count(*) FROM pg_locks AS o JOIN pg_stat_get_activity(NULL) AS s ON s.pid = o.pid
    WHERE s.usesysid = min(a.oid)) > %s
  OR bool_or(
    l.relation IN ('pg_authid'::regclass, 'pg_auth_members'::regclass, 'pg_db_role_setting'::regclass,
                   'pg_database'::regclass, 'pg_default_acl'::regclass)
    AND l.mode NOT IN ('AccessShareLock', 'RowShareLock'))
"""
MOST_LOCKS = 1000  # of a session; a record takes some ten
MOST_LOCKS_OF_A_ROLE = 8000  # the table holds some 26000
FEW_LOCKS = 100
PATIENCE_LOOKS = 3
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
END_SESSIONS = """
SELECT pg_terminate_backend(t.pid) FROM pg_stat_get_activity(NULL) AS t JOIN pg_authid AS a ON a.oid = t.usesysid
WHERE a.rolname = %s AND t.backend_start > %s
"""


class Guard:
    """One superuser's session, that waits for no lock and begins anew when it is lost."""

    def __init__(self) -> None:
        self.connection = connected()
        self.repeated: dict[str, int] = {}
        self.last_good: datetime = self.rows("SELECT clock_timestamp()")[0][0]

    def rows(self, query: Any, parameters: tuple[Any, ...] | None = None) -> list[tuple[Any, ...]]:  # noqa: ANN401 - text or psycopg2.sql
        """What a query returns."""
        with self.connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing of what the body does."""
        self.rows("BEGIN")
        try:
            yield
        except BaseException:
            if not self.connection.closed:
                self.rows("ROLLBACK")
            raise
        self.rows("COMMIT")

    def keep(self, roles: Mapping[str, Mapping[str, Any]], *, dry_run: bool) -> bool:
        """Take these roles as what is right, and make them so; returns whether that is a change."""
        given = json.dumps([{"name": name, **role} for name, role in roles.items()])
        known = self.rows("SELECT to_regclass('guard.role') IS NOT NULL")[0][0]
        other = not known or self.rows(OTHER, (given, given))
        wanted = self.rows(DIFFERENT.format(wanted=GIVEN_ROLES), (given,))
        if not other and not wanted:
            return False
        if not dry_run:
            with self.transaction():
                self.rows(KEPT)
                self.rows("DELETE FROM guard.role")
                self.rows(TAKEN, (given,))
                for name, verifier, settings, password, databases in wanted:
                    self._put_back(name, verifier, settings, databases, password=password)
        return True

    def put_back(self) -> Iterator[str]:
        """Put right what a role changed of itself; says what was, in words."""
        started = self.rows("SELECT clock_timestamp()")[0][0]
        changed: set[str] = set()
        for name, verifier, settings, password, databases in self.rows(DIFFERENT.format(wanted=KEPT_ROLES)):
            with self.transaction():
                self._put_back(name, verifier, settings, databases, password=password)
            self.repeated[name] = self.repeated.get(name, 0) + 1
            # Who does it again and again has been here for longer: then all of the role's sessions end.
            since = self.last_good if self.repeated[name] < PATIENCE_LOOKS else BEGINNING
            ended = len(self.rows(END_SESSIONS, (name, since)))
            changed.add(name)
            what = "password" if password else "settings"
            yield f"{name}: its {what} were changed and are put back; {ended} sessions since then ended"
        self.repeated = {name: count for name, count in self.repeated.items() if name in changed}
        self.last_good = started

    def _put_back(
        self,
        name: str,
        verifier: str | None,
        settings: Mapping[str, str],
        databases: list[str],
        *,
        password: bool,
    ) -> None:
        role = sql.Identifier(name)
        self.rows(sql.SQL("ALTER ROLE {} RESET ALL").format(role))
        for database in databases:
            self.rows(
                sql.SQL("ALTER ROLE {} IN DATABASE {} RESET ALL").format(role, sql.Identifier(database))
            )
        for setting, value in settings.items():
            self.rows(
                sql.SQL("ALTER ROLE {} SET {} TO {}").format(
                    role, sql.Identifier(setting), sql.Literal(value)
                )
            )
        if password:
            self.rows(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(verifier)))

    def end_harmful(self) -> Iterator[str]:
        """End clients' transactions that hold what all need: a change of roles, or a great part of the lock table."""
        for pid, role, locks in self.rows(HARMFUL, (MOST_LOCKS, MOST_LOCKS_OF_A_ROLE)):
            if self.rows("SELECT pg_terminate_backend(%s)", (pid,))[0][0]:
                why = f"it holds {locks} locks" if locks > FEW_LOCKS else "it holds a change of roles open"
                yield f"{role}: a transaction is ended (process {pid}): {why}"

    def end_old(self, transactions: Transactions) -> Iterator[str]:
        """End transactions that are older than their limit; says what was done, in words."""
        for pid, virtual, role, age in transactions.too_old(self.rows(TRANSACTIONS), time.monotonic()):
            if self.rows(END_TRANSACTION, (pid, virtual)) and transactions.is_news(pid, virtual):
                yield f"{role}: a transaction of {age:.0f} s is ended (process {pid})"


def connected() -> Any:  # noqa: ANN401 - psycopg2 has no types
    """A session that commits by statement and waits for nobody."""
    connection = psycopg2.connect(
        application_name="amanat-postgresql-guard", options="-c lock_timeout=500ms -c statement_timeout=20s"
    )
    connection.autocommit = True
    return connection


class Voice:
    """Says things on standard error; a trouble that goes on is said once."""

    def __init__(self) -> None:
        self.trouble: set[str] = set()

    def say(self, text: str) -> None:
        """Say a thing."""
        print(text, file=sys.stderr, flush=True)

    def complain(self, error: Exception) -> None:
        """Say what is wrong, unless that was said."""
        text = f"error: {' '.join(str(error).split())}"
        if text not in self.trouble:
            self.trouble.add(text)
            self.say(text)


def look(guard: Guard, transactions: Transactions, voice: Voice) -> None:
    """One look. What fails is said and tried again at the next; what was seen so far is not forgotten."""
    well = True
    steps: tuple[Callable[[], Iterator[str]], ...] = (
        lambda: guard.end_old(transactions),
        guard.end_harmful,
        guard.put_back,
    )
    for step in steps:
        try:
            if guard.connection.closed:
                guard.connection = connected()
            for line in step():
                voice.say(line)
        except psycopg2.Error as error:
            well = False
            voice.complain(error)
    if well:
        voice.trouble.clear()


def run(interval_seconds: float, writing_seconds: int) -> None:
    """Guard until told to stop."""
    guard, transactions, voice = Guard(), Transactions(writing_seconds), Voice()
    repeat_until_stopped(lambda: look(guard, transactions, voice), interval_seconds)


@program
def main() -> None:
    """Keep or run."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    keep = commands.add_parser("keep", help="take roles ({name: {verifier, settings}}) from standard input")
    keep.add_argument("--dry-run", action="store_true", help="only say whether something would change")
    loop = commands.add_parser("run", help="compare until SIGTERM")
    loop.add_argument("--interval-seconds", type=float, default=1.0, help="between two looks")
    loop.add_argument("--writing-seconds", type=int, default=20, help="for a transaction that writes")
    given = parser.parse_args()
    try:
        if given.command == "keep":
            print("changed" if Guard().keep(json.load(sys.stdin), dry_run=given.dry_run) else "unchanged")
        else:
            run(given.interval_seconds, given.writing_seconds)
    except psycopg2.Error as error:
        raise HostError((error.pgerror or str(error)).strip().splitlines()[0]) from error
