"""What the probes of the host itself answer: the schema that they fill and the audit's policies read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from amanat_host.answers.state import State


@dataclass(frozen=True)
class Account:
    """An account, with the facts of /etc/shadow that an audit needs; never a hash."""

    name: str
    login_shell: bool
    password: str
    keys: Sequence[str]  # SHA-256 of each line of its authorized keys, in hexadecimal digits
    groups: Sequence[str]  # other than its own and nogroup
    min_days: int | None
    max_days: int | None
    warn_days: int | None


@dataclass(frozen=True)
class Accounts:
    """Every account, and those with root's number."""

    accounts: Sequence[Account]
    uid_zero: Sequence[str]


@dataclass(frozen=True)
class Lock:
    """After how many wrong passwords an account locks (0: never), and for how long (None: until it is unlocked)."""

    failures: int
    seconds: int | None


@dataclass(frozen=True)
class PasswordRules:
    """The shortest password that may be set (0: any; None: none at all), and the lock by PAM service."""

    shortest_characters: int | None
    locks: Mapping[str, Lock]


@dataclass(frozen=True)
class StrayFile:
    """A file with a needless set-user-ID bit; `override` is what dpkg-statoverride takes."""

    path: str
    override: Sequence[str]


@dataclass(frozen=True)
class Drift:
    """One thing that runs otherwise than it is written, and the handler that puts it right."""

    handler: str
    why: str
    files: Sequence[StrayFile] = field(default_factory=list)


@dataclass(frozen=True)
class Drifts:
    """All drift, and the kernel settings that the host can't set; `recorded` when those are on file."""

    drift: Sequence[Drift]
    unsettable: Mapping[str, str | None]
    recorded: bool


@dataclass(frozen=True)
class SystemFiles:
    """What belongs to others, may be written by them, or tells them too much."""

    foreign_directories: Sequence[str]
    writable: Sequence[str]
    readable_logs: Sequence[str]


@dataclass(frozen=True)
class PrivilegedFile:
    """A file with a set-user-ID or set-group-ID bit, and its package."""

    path: str
    mode: str
    owner: str
    group: str
    package: str | None


@dataclass(frozen=True)
class PrivilegedFiles:
    """Every such file."""

    files: Sequence[PrivilegedFile]


@dataclass(frozen=True)
class Sudo:
    """The auditor's rights, what came along with the call, and the record of root's sessions."""

    environment: Sequence[str]
    directory: str
    auditor: Sequence[tuple[str, str]]
    recorded_sessions: int


@dataclass(frozen=True)
class Gap:
    """Numbers of the journal that no entry has, and the times (UTC) of the entries around them ("" for none since)."""

    first: int
    last: int
    after: str
    before: str


@dataclass(frozen=True)
class JournalSequence:
    """A sequence of the journal's numbers: the first and last that are kept, since when (UTC), and what is missing."""

    id: str
    first: int
    last: int
    begins: str
    gaps: Sequence[Gap]


@dataclass(frozen=True)
class Journal:
    """The journal's sequences in the order of time, the id of the one in use, and files that can't be read."""

    in_use: str
    sequences: Sequence[JournalSequence]
    unreadable: Sequence[str]


@dataclass(frozen=True)
class Kept(State):
    """Keys of key stores and sequences of the journal, as items of a state."""


@dataclass(frozen=True)
class Recording:
    """A recording of what an account did as another: account/number, when it began (UTC), and what is wrong with it."""

    name: str
    at: str
    fault: str


@dataclass(frozen=True)
class Recordings:
    """The recordings that are gone, untold by the journal, or not whole."""

    faults: Sequence[Recording]


@dataclass(frozen=True)
class LoginFault:
    """A login at a terminal, when it was (UTC), and where the journal and the records of logins disagree about it."""

    login: str
    at: str
    fault: str


@dataclass(frozen=True)
class Logins:
    """Where records of logins at terminals disagree with the journal."""

    faults: Sequence[LoginFault]


@dataclass(frozen=True)
class KernelSetting:
    """A kernel setting: wanted, actual, and whether this host may set it."""

    wanted: str
    actual: str | None
    settable: bool
    met: bool


@dataclass(frozen=True)
class KernelSettings:
    """Every kernel setting that is wanted, by name."""

    settings: Mapping[str, KernelSetting]


@dataclass(frozen=True)
class Updates:
    """How updates come in and when they last did; which security updates wait, since when (None: not noted yet).

    `noted_at` is when the host last noted what waits, which it does at each refresh of the lists. `replaced_since`:
    the units that go on with code that an update has replaced, and when it did.
    """

    timers: Mapping[str, str | None]
    periodic_days: Mapping[str, str]
    security_source: bool
    waiting_since: Mapping[str, str | None]
    noted_at: str | None
    lists_refreshed: str | None
    last_unattended_run: str | None
    replaced_since: Mapping[str, str]


@dataclass(frozen=True)
class Comparison:
    """The last comparison of the host's files with their baseline (AIDE)."""

    checked_at: str
    clean: bool
    added: Sequence[str]
    removed: Sequence[str]
    changed: Sequence[str]
    baseline_sha256: str
    baseline_at: str


@dataclass(frozen=True)
class TlsAttempt:
    """How far an attempt to get into a TLS service came."""

    handshake: bool
    version: str
    received: str
    error: str


@dataclass(frozen=True)
class TlsAttempts:
    """What a client without the right certificate gets from a TLS service."""

    no_certificate: TlsAttempt
    foreign_certificate: TlsAttempt
    old_protocol: TlsAttempt
