"""Compares the journal with what else tells of logins: sshd's records of those at terminals, and open sessions."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import sqlite3
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amanat_host.answers.system import LoginFault, Logins
from amanat_host.system.journal import Line, complete_since, lines
from amanat_host.system.journal import read as journal
from amanat_host.times import boot_time, utc

WTMP, WTMP_DATABASE, LASTLOG = Path("/var/log/wtmp"), Path("/var/log/wtmp.db"), Path("/var/log/lastlog")
# Without a terminal a session is in no record; sshd tells so from its level VERBOSE on.
STARTED = re.compile(
    r"Starting session: .* on (?P<terminal>\S+) for (?P<account>\S+) from (?P<peer>\S+) port "
)
ACCEPTED = re.compile(r"Accepted \S+ for (?P<account>\S+) from (?P<peer>\S+) port ")
# The process of a session that is open has its account's rights, and this title (sshd's session.c).
TITLE = re.compile(r"sshd-session: (?P<account>[^\s@\[\]]+)(@\S+)?\0*")
NEAR_SECONDS = 5  # between a line and its record
# Between a line and its session, whose process number is given again one day. A clock that was set moves the session's
# beginning, which is told by its age.
SAME_SESSION_SECONDS = 900
# utmp(5) on Linux: type, process, terminal, id, account, host, exit status, session, seconds.
RECORD = struct.Struct("<h2xi32s4s32s256s4xii40x")
LAST = struct.Struct("<i32s256s")  # of lastlog, by number of the account: seconds, terminal, host
USER_PROCESS = 7
OF_A_USER = 3  # wtmpdb's type
MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Login:
    """A login: who, at which terminal, from where, and when."""

    account: str
    terminal: str
    peer: str
    at: float

    def __str__(self) -> str:
        return f"{self.account} at {self.terminal} from {self.peer}"

    def is_near(self, other: Login) -> bool:
        """Whether both tell of one login."""
        return str(self) == str(other) and abs(self.at - other.at) <= NEAR_SECONDS


@dataclass(frozen=True)
class Session:
    """An open session of sshd: whose, the process that let it in, and since when."""

    account: str
    monitor: str
    at: float

    def is_let_in_by(self, line: Line) -> bool:
        """Whether a line is the one that the session began with."""
        match = ACCEPTED.match(line.message)
        is_of_then = abs(line.at - self.at) <= SAME_SESSION_SECONDS
        return bool(
            match and match["account"] == self.account and line.process == self.monitor and is_of_then
        )


def read() -> Logins:
    """Where they disagree. Raises `OSError` or `subprocess.CalledProcessError`."""
    records = {"wtmp": wtmp(WTMP), "wtmp.db": wtmp_database(WTMP_DATABASE)}
    last = lastlog(LASTLOG)
    open_now = list(open_sessions())
    complete = complete_since(journal())
    told = list(lines("sshd-session"))
    faults = compare(told, records, last, complete, time.time()).faults
    return Logins([*faults, *untold(open_now, told, complete)])


def open_sessions(proc: Path = Path("/proc")) -> Iterator[Session]:
    """The sessions of sshd that are open, at a terminal or not: the caller's own is one."""
    boot = boot_time()
    for place in (one for one in proc.iterdir() if one.name.isdigit()):
        with contextlib.suppress(OSError, IndexError, KeyError):  # it ends, or is no account's
            title = TITLE.fullmatch((place / "cmdline").read_text("utf-8", "replace"))
            if title and pwd.getpwnam(title["account"]).pw_uid == place.stat().st_uid:
                fields = (place / "stat").read_text("utf-8").rpartition(")")[2].split()
                yield Session(title["account"], fields[1], boot + int(fields[19]) / os.sysconf("SC_CLK_TCK"))


def untold(sessions: Sequence[Session], told: Sequence[Line], complete: float) -> list[LoginFault]:
    """The open sessions that the journal let nobody in for: lines of such weight are dropped, or were erased."""
    return [
        LoginFault(one.account, utc(one.at), "is logged in, and not in the journal")
        for one in sessions
        if one.at > complete + NEAR_SECONDS and not any(map(one.is_let_in_by, told))
    ]


def compare(
    told: Sequence[Line],
    records: Mapping[str, list[Login] | None],
    last: Mapping[str, float] | None,
    complete: float,
    now: float,
) -> Logins:
    """The logins of the journal's lines against each record; None stands for one that can't be read.

    The journal tells all that was since `complete`, a Unix time.
    """
    logins = [one for one in started(told) if now - one.at > NEAR_SECONDS]  # its records have been written
    faults = [LoginFault(name, "", "can't be read") for name, found in records.items() if found is None]
    if last is None:
        faults.append(LoginFault("lastlog", "", "can't be read"))
    for name, found in records.items():
        if found is not None:
            faults += missing(logins, found, name)
            faults += [
                fault(one, f"is in {name} and not in the journal")
                for one in found
                if one.at > complete + NEAR_SECONDS and not is_told(one, told)
            ]
    if last is not None:
        faults += [fault(one, "is not in lastlog") for one in newest(logins) if is_later(one, last)]
    return Logins(faults)


def missing(logins: Sequence[Login], found: Sequence[Login], name: str) -> list[LoginFault]:
    """The logins that a record doesn't have. Each has a record of its own: of two near each other one may be gone."""
    unused: dict[str, list[Login]] = {}
    for one in sorted(found, key=lambda one: one.at):
        unused.setdefault(str(one), []).append(one)
    faults = []
    for one in sorted(logins, key=lambda one: one.at):
        records = unused.get(str(one), [])
        near = next((record for record in records if one.is_near(record)), None)
        if near is None:
            faults.append(fault(one, f"is not in {name}"))
        else:
            records.remove(near)
    return faults


def is_later(login: Login, last: Mapping[str, float]) -> bool:
    """Whether a login is later than the last one of its account on record."""
    return last.get(login.account, 0.0) < login.at - NEAR_SECONDS


def fault(login: Login, what: str) -> LoginFault:
    """What is wrong about a login."""
    return LoginFault(str(login), utc(login.at), what)


def started(told: Sequence[Line]) -> list[Login]:
    """The logins at terminals that the journal tells."""
    return [
        Login(match["account"], match["terminal"], match["peer"], line.at)
        for line in told
        if (match := STARTED.match(line.message))
    ]


def is_told(login: Login, told: Sequence[Line]) -> bool:
    """Whether the journal lets that account in from there at or before a login that is on record."""
    return any(
        line.at <= login.at + NEAR_SECONDS
        and (match := ACCEPTED.match(line.message))
        and (match["account"], match["peer"]) == (login.account, login.peer)
        for line in told
    )


def newest(logins: Sequence[Login]) -> list[Login]:
    """The last login of each account."""
    return list({one.account: one for one in sorted(logins, key=lambda one: one.at)}.values())


def wtmp(path: Path) -> list[Login] | None:
    """The logins on record in wtmp(5); none where it isn't there, None where it can't be read."""
    try:
        return list(_wtmp(path.read_bytes()))
    except FileNotFoundError:
        return []
    except (OSError, struct.error):
        return None


def _wtmp(content: bytes) -> Iterator[Login]:
    for kind, _, terminal, _, account, peer, _, seconds in RECORD.iter_unpack(content):
        if kind == USER_PROCESS:
            yield Login(_text(account), _text(terminal), _text(peer), float(seconds))


def wtmp_database(path: Path) -> list[Login] | None:
    """The logins on record in the database of wtmpdb(8), as `wtmp`; sshd makes it at the first one."""
    if not path.exists():
        return []
    query = f"SELECT User, TTY, RemoteHost, Login FROM wtmp WHERE Type = {OF_A_USER}"  # noqa: S608 - a number
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            rows = database.execute(query).fetchall()
    except sqlite3.Error:
        return None
    return [Login(user, terminal or "", peer or "", at / MICROSECONDS) for user, terminal, peer, at in rows]


def lastlog(path: Path) -> dict[str, float] | None:
    """Account -> when it last logged in, by lastlog(5), which has a hole for each number in between."""
    found = {}
    try:
        with path.open("rb") as file:
            for user in pwd.getpwall():
                file.seek(user.pw_uid * LAST.size)
                if len(record := file.read(LAST.size)) == LAST.size and (at := LAST.unpack(record)[0]):
                    found[user.pw_name] = float(at)
    except FileNotFoundError:
        return {}
    except OSError:
        return None
    return found


def _text(field: bytes) -> str:
    """A field of utmp(5)."""
    return field.rstrip(b"\0").decode("utf-8", "replace")
