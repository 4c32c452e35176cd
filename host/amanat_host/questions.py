"""What an auditor may ask a host's probes, and what each answers: the command lines that sudoers grants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from amanat_host.answers import archive, backups, logs, monitoring, site, system, volume
from amanat_host.answers.state import State

PROGRAMS = "/usr/lib/amanat"
RUN_AS = ("root", "postgres", "pgbackrest")  # the accounts that an auditor may have probes run as
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Question(Generic[Answer]):
    """A probe's command line: the program, its word, the account it runs as ("" for the auditor's own)."""

    program: str
    answer: type[Answer]
    word: str = ""
    account: str = "root"
    exit_statuses: tuple[int, ...] = (0,)

    @property
    def command(self) -> str:
        """The command line as the auditor's shell runs it."""
        sudo = {"": "", "root": "sudo -n "}.get(self.account, f"sudo -n -u {self.account} ")
        return f"{sudo}{PROGRAMS}/{self.program} {self.word}".rstrip()


ACCOUNTS = Question("probe", system.Accounts, "accounts")
DRIFT = Question("probe", system.Drifts, "drift")
FILES = Question("probe", system.SystemFiles, "files")
PASSWORDS = Question("probe", system.PasswordRules, "passwords")
SETUID = Question("probe", system.PrivilegedFiles, "setuid")
SUDO = Question("probe", system.Sudo, "sudo")
SYSCTL = Question("probe", system.KernelSettings, "sysctl")
UPDATES = Question("probe", system.Updates, "updates")
JOURNAL = Question("probe-history", system.Journal, "journal")
KEPT = Question("probe-history", system.Kept, "kept")
LOGINS = Question("probe-history", system.Logins, "logins")
RECORDINGS = Question("probe-history", system.Recordings, "recordings")
INTEGRITY = Question("integrity", system.Comparison, "status", exit_statuses=(0, 1))  # 1: something differed

# The closed world: each dimension of the whole state.
ACCESS_STATE = Question("probe-state", State, "access")
DATABASE_STATE = Question("probe-database", State, account="postgres")
FILES_STATE = Question("probe-state", State, "files")
NETWORK_STATE = Question("probe-state", State, "network")
RUNNING_STATE = Question("probe-state", State, "running")

VOLUME = Question("probe-volume", volume.Volume)
UNLOCK = Question("probe-unlock", volume.Unlock)
DRAW_ON_DISK = Question("probe-marker", archive.Drawn, "draw")
LOOK_ON_DISK = Question("probe-marker", volume.MarkersOnDisk, "look")
TANG = Question("probe-tang", volume.TangKeys)

SERVER_LOG = Question("probe-log", archive.ServerLog)
TAMPER = Question("probe-tamper", archive.TamperTrial, account="postgres")
RETENTION = Question("probe-retention", archive.Retention, account="postgres")
ADDRESS_RETENTION = Question("probe-retention", archive.Retention, "addresses", "postgres")
PURGE = Question("probe-purge", archive.Purge, account="postgres")
STATE_ROWS = Question("probe-rows", archive.StateRows, account="postgres")
ANCHORS = Question("probe-anchors", archive.Anchors, account="")

WAL_ARCHIVING = Question("probe-backup", backups.WalArchiving, account="postgres")
REPOSITORY = Question("probe-repository", backups.Repository, "info", "pgbackrest")
NEWEST_SEGMENTS = Question("probe-repository", backups.NewestSegments, "newest", "pgbackrest")
DRAW_IN_REPOSITORY = Question("probe-repository", archive.Drawn, "draw", "pgbackrest")
LOOK_IN_REPOSITORY = Question("probe-repository", backups.MarkersInRepository, "look", "pgbackrest")
FLIPPED_BIT = Question("probe-repository", backups.FlippedBit, "verify", "pgbackrest")
BACKUPS_VERIFIED = Question("probe-verification", backups.VerificationRecord, "record")
BACKUPS_CONTENT = Question("probe-verification", backups.VerifiedContent, "content")

JOURNAL_END = Question("probe-journal", logs.JournalEnd, "end")
JOURNAL_RECENT = Question("probe-journal", logs.RecentEntries, "recent")
JOURNAL_RECORDINGS = Question("probe-journal", logs.RecordedSessions, "recordings")
JOURNAL_ROOM = Question("probe-journal", logs.JournalRoom, "room")
STORED_LOGS = Question("probe-logs", logs.StoredLogs, "stored")
STORED_RECORDINGS = Question("probe-logs", logs.StoredRecordings, "recordings")
STORED_RECENTLY = Question("probe-logs", logs.StoredRecently, "recent")
VERIFIED_LOGS = Question("probe-logs", logs.VerifiedLogs, "verify")
WHOLLY_VERIFIED_LOGS = Question("probe-logs", logs.VerifiedLogs, "verifyall")
SEALED_LOGS = Question("probe-logs", logs.SealedLogs, "sealed")
GIVEN_STAMPS = Question("probe-stamps", logs.GivenStamps, account="")

SITE_REQUESTS = Question("probe-requests", site.SiteRequests)
MONITORING = Question("probe-monitoring", monitoring.Monitoring)

COPY_SERVER = Question("probe-copies", backups.CopyServer, "server")
KEEPING = Question("probe-copies", backups.Keeping, "keeping")
DAMAGE = Question("probe-copies", backups.Damage, "damage")
COPIES_VERIFIED = Question("probe-copies", backups.VerificationRecord, "verified")
COPIES_CONTENT = Question("probe-copies", backups.VerifiedContent, "content")
NEWEST_COPIES = Question("probe-copy", backups.NewestCopies, "newest")
RESTORED_COPY = Question("probe-copy", backups.RestoredCopy, "restored")
REFUSALS = Question("probe-copy", backups.Refusals, "refusals")


def tls_attempts(host: str, port: int) -> Question[system.TlsAttempts]:
    """What a client without the right certificate gets from a TLS service of another host."""
    return Question("probe-tls", system.TlsAttempts, f"{host} {port}", account="")
