"""The journals that the log server has stored, asked with the auditor's rights."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from amanat.paths import StackPaths
from amanat.recovery import auditor
from amanat_host import questions
from amanat_host.answers.logs import Stream

VERIFY_SECONDS = 3600


@dataclass(frozen=True)
class MachineLogs:
    """What is stored of one machine: its stream (None for nothing), and what is wrong with the files."""

    stream: Stream | None
    faults: Sequence[str]

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


def verify(paths: StackPaths) -> dict[str, MachineLogs]:
    """What is stored, by machine of the stack. Raises NotChecked where the log server can't be asked."""
    with auditor(paths) as hosts:
        server = hosts.service("logs")
        stored = server.ask(questions.STORED_LOGS)
        verified = server.ask(questions.VERIFIED_LOGS, seconds=VERIFY_SECONDS)
        names = [host.name for host in hosts.values()]
    found: dict[str, MachineLogs] = {}
    for name in names:
        faults = [*verified.faults.get(name, ()), *filter(None, [stored.unreadable.get(name)])]
        if name not in stored.streams and not faults:
            faults = ["nothing is stored of it"]
        found[name] = MachineLogs(stored.streams.get(name), faults)
    return found
