"""The journals that the log server has stored, asked with the auditor's rights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from amanat.audit.hosts import Hosts
from amanat.log_seals import Differences, compare
from amanat.paths import StackPaths
from amanat.recovery import auditor
from amanat_host import questions
from amanat_host.answers.logs import GivenStamps, SealedChain, SealedLogs, StoredRecordings, Stream

VERIFY_SECONDS = 3600


@dataclass(frozen=True)
class MachineLogs:
    """What is stored of one machine: its stream (None for nothing), its sealed days, and what is wrong."""

    stream: Stream | None
    faults: Sequence[str]
    chain: SealedChain | None = None

    @property
    def is_whole(self) -> bool:
        """Whether every entry since the first is stored, as it came."""
        stream = self.stream
        if stream is None or self.faults or stream.began_anew:
            return False
        return not (stream.missing or stream.lost or stream.reused)

    def delay_seconds(self, now: datetime) -> float | None:
        """How long ago all that the machine had was found stored; None for never."""
        at = self.stream.complete_at if self.stream else None
        return (now - datetime.fromisoformat(at)).total_seconds() if at else None


@dataclass(frozen=True)
class StoredLogs:
    """What is stored, by machine of the stack; `gone` are seals that the vault stamped and that no machine has."""

    machines: Mapping[str, MachineLogs]
    gone: Sequence[str] = ()

    @property
    def is_whole(self) -> bool:
        """Whether all of it is."""
        return not self.gone and all(one.is_whole for one in self.machines.values())


def verify(paths: StackPaths) -> StoredLogs:
    """What is stored, verified. Raises NotChecked where the log server or the vault can't be asked."""
    with auditor(paths) as hosts:
        server = hosts.service("logs")
        stored = server.ask(questions.STORED_LOGS)
        sealed, differences = _seals(hosts)
        verified = server.ask(questions.WHOLLY_VERIFIED_LOGS, seconds=VERIFY_SECONDS)
        names = [host.name for host in hosts.values()]
    found: dict[str, MachineLogs] = {}
    for name in names:
        wrong = [stored.unreadable.get(name), sealed.unreadable.get(name)]
        faults = [*verified.faults.get(name, ()), *filter(None, dict.fromkeys(wrong))]
        if name not in stored.streams and not faults:
            faults = ["nothing is stored of it"]
        faults += [
            f"the vault never stamped record {place} of the sealed days"
            for place in differences.never_stamped.get(name, ())
        ]
        found[name] = MachineLogs(stored.streams.get(name), faults, sealed.chains.get(name))
    return StoredLogs(found, differences.gone)


def recordings(paths: StackPaths) -> StoredRecordings:
    """sudo's newest recordings as the log server has them. Raises NotChecked where it can't be asked."""
    with auditor(paths) as hosts:
        found: StoredRecordings = hosts.service("logs").ask(
            questions.STORED_RECORDINGS, seconds=VERIFY_SECONDS
        )
    return found


def _seals(hosts: Hosts) -> tuple[SealedLogs, Differences]:
    """The sealed days, and what the vault knows otherwise of them; nothing is sealed in a stack without a vault."""
    server = hosts.service("logs")
    if not any(host.audited.carries("vault") for host in hosts.values()):
        return SealedLogs(0, "", {}, {}), Differences((), {})
    vault = hosts.service("vault")
    before: GivenStamps = vault.ask(questions.GIVEN_STAMPS)
    sealed: SealedLogs = server.ask(questions.SEALED_LOGS)
    return sealed, compare(before, sealed, vault.ask(questions.GIVEN_STAMPS))
