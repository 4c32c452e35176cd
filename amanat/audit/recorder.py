"""Turns every probe into an evidence record of the check that made it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from amanat.errors import AmanatError
from amanat.evidence import Redactor, Run
from amanat.evidence.output import keep


@dataclass(frozen=True)
class Identity:
    """Which machine answered: its name, the pinned key's fingerprint, /etc/machine-id."""

    name: str
    ssh_host_key: str
    machine_id: str

    def as_json(self) -> dict[str, str]:
        return {"name": self.name, "ssh_host_key": self.ssh_host_key, "machine_id": self.machine_id}


@dataclass
class Recorder:
    """Knows which check is running and writes its probes into the run."""

    redact: Redactor
    run: Run | None = None
    _test: str | None = None
    _requirements: tuple[str, ...] = ()
    evidence: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    hosts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def begin(self, test: str, requirements: tuple[str, ...]) -> None:
        """From now on, probes belong to this check."""
        self._test, self._requirements = test, requirements

    def end(self) -> None:
        """No check is running."""
        self._test, self._requirements = None, ()

    def command(
        self, host: Identity, command: str, exit_status: int, stdout: bytes, stderr: bytes, user: str
    ) -> None:
        """Record a command that was run on a host."""
        probe = {
            "command": command,
            "as": user,
            "exit_status": exit_status,
            "stdout": keep(stdout, self.redact).as_json(),
            "stderr": keep(stderr, self.redact).as_json(),
        }
        self._write("command", probe, host)

    def client(self, host: Identity, tried: Mapping[str, Any], outcome: Mapping[str, Any]) -> None:
        """Record what was tried as a client of a host's service, and what came of it."""
        self._write("client", {"tried": dict(tried), "outcome": dict(outcome)}, host)

    def unreachable(self, name: str, reason: AmanatError) -> None:
        """Record that a host or service did not answer."""
        self._write("unreachable", {"reason": str(reason)}, Identity(name, "", ""))

    def _write(self, kind: str, probe: Mapping[str, Any], host: Identity) -> None:
        if self._test is not None:
            self.hosts[self._test].add(host.name)
        if self.run is None:
            return
        digest = self.run.record(
            kind, probe, host=host.as_json(), requirements=self._requirements, test=self._test
        )
        if self._test is not None:
            self.evidence[self._test].append(digest)
