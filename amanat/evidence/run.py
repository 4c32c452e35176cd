"""One audit run's evidence: a directory of records, each written once and chained to the one before it."""

import hashlib
import json
import os
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from amanat.files import create
from amanat.errors import AmanatError
from amanat.evidence.checkout import commit
from amanat.evidence.clock import Moment
from amanat.evidence.instruments import INSTRUMENTS, digests
from amanat.evidence.redact import Redactor
from amanat.evidence.row import MANIFEST, RECORDS, STARTED, Memory, digest_of, finished, newest
from amanat.evidence.signature import fingerprint, public_pem

FORMAT = 1
READ_ONLY = 0o440
SIGNATURE = "manifest.sig"
PUBLIC_KEY = "evidence.pub"


class EvidenceNotWritten(AmanatError):
    """A record or a manifest can't be stored; an audit without evidence is none."""


@dataclass(frozen=True)
class RunContext:
    """What every record of a run says about its circumstances.

    `revision` is "unknown" and `dirty` None where git can't say: no repository of this checkout's own, or no git.
    `configuration` is the SHA-256 of the inventory the hosts were found in, `instruments` those of the files that the
    audit measures with, by path: the first record has them.
    """

    stack: str
    revision: str
    dirty: bool | None
    configuration: str
    instruments: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, stack: str, project: Path, inventory: Path | None) -> "RunContext":
        """Describe the checkout at `project` and the inventory file."""
        digest = (
            hashlib.sha256(inventory.read_bytes()).hexdigest() if inventory and inventory.is_file() else ""
        )
        revision, dirty = commit(project)
        return cls(stack, revision, dirty, digest, digests(project))

    def as_json(self) -> dict[str, Any]:
        return {
            "stack": self.stack,
            "commit": {"revision": self.revision, "dirty": self.dirty},
            "configuration_sha256": self.configuration,
        }


@dataclass
class Run:
    """A run that is being recorded. Until `finish`, it has no manifest: `verify` calls it unfinished."""

    directory: Path
    context: RunContext
    key: Ed25519PrivateKey
    redact: Redactor
    started: Moment
    previous_runs: list[dict[str, str]]
    memory: Memory | None = None
    _index: list[dict[str, Any]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def start(
        cls,
        directory: Path,
        context: RunContext,
        key: Ed25519PrivateKey,
        redact: Redactor,
        plan: Mapping[str, Any],
        memory: Memory | None = None,
    ) -> "Run":
        """Make the run's directory, named by `new_name`, and record the plan as its first record.

        `memory` is this machine's own of the row: what it signed last counts as a run before, also if it was removed.
        Raises `EvidenceNotWritten` when it can't be made.
        """
        parent = directory.parent
        try:
            parent.mkdir(parents=True, exist_ok=True)
            previous = _before(parent, memory)
            (directory / RECORDS).mkdir(parents=True, mode=0o750)
            create(directory / PUBLIC_KEY, public_pem(key), READ_ONLY)
        except OSError as error:
            raise EvidenceNotWritten(
                f"evidence can't be stored: {error.strerror}", str(directory), "Make the directory writable."
            ) from error
        run = cls(directory, context, key, redact, Moment.now(), previous, memory)
        first = {"plan": dict(plan), "previous_runs": previous, INSTRUMENTS: dict(context.instruments)}
        run.record(STARTED, first)
        return run

    @property
    def name(self) -> str:
        return self.directory.name

    @property
    def head(self) -> str | None:
        """The SHA-256 of the newest record."""
        return str(self._index[-1]["sha256"]) if self._index else None

    def record(
        self,
        kind: str,
        probe: Mapping[str, Any],
        *,
        host: Mapping[str, str] | None = None,
        requirements: Sequence[str] = (),
        test: str | None = None,
    ) -> str:
        """Write one record and return its SHA-256.

        Raises `EvidenceNotWritten` when the disk refuses.
        """
        with self._lock:
            body = {
                "format": FORMAT,
                "run": self.name,
                "sequence": len(self._index) + 1,
                "previous": self.head,
                "kind": kind,
                "time": Moment.now().as_json(),
                "host": dict(host) if host else None,
                "requirements": list(requirements),
                "test": test,
                **self.context.as_json(),
                "probe": _redacted(probe, self.redact),
            }
            data = encode(body)
            digest = hashlib.sha256(data).hexdigest()
            try:
                create(self.directory / RECORDS / f"{digest}.json", data, READ_ONLY)
            except OSError as error:
                raise EvidenceNotWritten(
                    f"a record can't be stored: {error.strerror}",
                    str(self.directory),
                    "Free some space; run again.",
                ) from error
            entry = {"sequence": body["sequence"], "sha256": digest, "kind": kind, "test": test}
            self._index.append(entry | {"host": host["name"] if host else None})
            return digest

    def finish(self, result: Mapping[str, Any], attachments: Sequence[str] = ()) -> Path:
        """Write and sign the manifest; `attachments` are files of the run's directory, e.g. junit.xml.

        Returns the manifest's path. Raises `EvidenceNotWritten`.
        """
        manifest = {
            "format": FORMAT,
            "run": self.name,
            **self.context.as_json(),
            "started": self.started.as_json(),
            "finished": Moment.now().as_json(),
            "previous_runs": self.previous_runs,
            "key": fingerprint(self.key.public_key()),
            "head": self.head,
            "records": self._index,
            "attachments": {name: digest_of(self.directory / name) for name in attachments},
            "result": _redacted(result, self.redact),
        }
        data = encode(manifest)
        try:
            for path in (self.directory / RECORDS).iterdir():
                _flush(path)
            _flush(self.directory / RECORDS)
            create(self.directory / SIGNATURE, self.key.sign(data), READ_ONLY)
            create(self.directory / MANIFEST, data, READ_ONLY)
            _flush(self.directory)
            if self.memory:
                self.memory.keep(self.directory.parent, self.name, hashlib.sha256(data).hexdigest())
        except OSError as error:
            raise EvidenceNotWritten(
                f"the manifest can't be stored: {error.strerror}",
                str(self.directory),
                "Free some space; run again.",
            ) from error
        return self.directory / MANIFEST


def new_name() -> str:
    """A name for a run: names sort by their time, and two audits begun at once don't meet."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(3)}"


def encode(body: Mapping[str, Any]) -> bytes:
    """The one JSON form of a record: ASCII only, so that a viewer never meets a control character."""
    return (json.dumps(body, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode()


def _redacted(value: Any, redact: Redactor) -> Any:  # noqa: ANN401 - JSON of any shape
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {str(key): _redacted(item, redact) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted(item, redact) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return redact(str(value))


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _before(row: Path, memory: Memory | None) -> list[dict[str, str]]:
    runs = finished(row)
    digests = {run.name: digest_of(run / MANIFEST) for run in newest(runs)}
    here = {run.name for run in runs}
    gone = {name: digest for name, digest in (memory.last(row) if memory else {}).items() if name not in here}
    return [{"run": name, "manifest_sha256": digest} for name, digest in sorted({**digests, **gone}.items())]
