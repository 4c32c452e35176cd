"""A host under audit: testinfra's modules over our recorded connection."""

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import Any, TypeVar

import pydantic
import testinfra.backend.base
import testinfra.host

from amanat.audit.errors import NotChecked, Unreachable
from amanat.audit.inventory import AuditedHost
from amanat.audit.recorder import Identity, Recorder
from amanat.audit.ssh import COMMAND_SECONDS, Completed, Connection
from amanat_host.questions import Question

Answer = TypeVar("Answer")

AT_ONCE = 3  # beside the one in the foreground: sshd of a host allows four on a connection


class _Backend(testinfra.backend.base.BaseBackend):  # type: ignore[misc]
    """What testinfra's modules run their commands through."""

    NAME = "amanat"

    def __init__(self, connection: Connection, recorder: Recorder) -> None:
        super().__init__(connection.audited.name)
        self._encoding = "utf-8"
        self._connection = connection
        self._recorder = recorder
        self._background_runs: dict[str, Future[Completed]] = {}
        self._background = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix=connection.audited.name)

    @cached_property
    def identity(self) -> Identity:
        name = self._connection.audited.name
        try:
            machine = self._connection.run("cat /etc/machine-id")
        except Unreachable as error:
            self._recorder.unreachable(name, error)
            raise
        return Identity(name, self._connection.host_key(), machine.stdout.decode("ascii", "replace").strip())

    def run(
        self, command: str, *args: str, stdin: bytes = b"", seconds: float = COMMAND_SECONDS, **_: object
    ) -> testinfra.backend.base.CommandResult:
        line = self.get_command(command, *args)
        who = self.identity
        done = self._run(line, stdin, seconds)
        self._recorder.command(
            who, line, done.exit_status, done.stdout, done.stderr, self._connection.audited.user
        )
        return self.result(done.exit_status, line.encode(), done.stdout, done.stderr)

    def start_background(self, line: str, seconds: float) -> None:
        """Start a command line; each `run` of the same line has this one's end for its own."""
        _ = self.identity  # the connection is there before threads share it
        if line not in self._background_runs:
            self._background_runs[line] = self._background.submit(self._connection.run, line, b"", seconds)

    def close(self) -> None:
        """Drop what was begun and never taken up."""
        self._background.shutdown(wait=True, cancel_futures=True)

    def _run(self, line: str, stdin: bytes, seconds: float) -> Completed:
        begun = None if stdin else self._background_runs.get(line)
        try:
            return begun.result() if begun else self._connection.run(line, stdin, seconds)
        except NotChecked as error:
            self._recorder.unreachable(self._connection.audited.name, error)
            raise

    def decode(self, data: bytes) -> str:
        return data.decode("utf-8", "backslashreplace")

    def encode(self, data: str) -> bytes:
        return data.encode()


class Host(testinfra.host.Host):  # type: ignore[misc]
    """One audited host. Every command becomes evidence; testinfra's modules (`file`, `service`) work on it.

    `name` is the inventory's, `address` where SSH reaches it, `variables` what the inventory says of it.
    """

    def __init__(self, connection: Connection, recorder: Recorder) -> None:
        self._backend = _Backend(connection, recorder)
        super().__init__(self._backend)
        self._backend.set_host(self)
        self.audited: AuditedHost = connection.audited
        self.recorder = recorder
        self._asked_at: dict[Question[Any], float] = {}

    def __repr__(self) -> str:
        return f"<Host {self.audited.name}>"

    @property
    def name(self) -> str:
        return self.audited.name

    @property
    def address(self) -> str:
        return self.audited.address

    @property
    def variables(self) -> Mapping[str, Any]:
        return self.audited.variables

    @property
    def identity(self) -> Identity:
        """Which machine this is; raises `Unreachable`."""
        identity: Identity = self._backend.identity
        return identity

    def start_background(self, command: str, *, seconds: float = COMMAND_SECONDS) -> None:
        """Start a command in the background; what `run`s it from then on shares its end. Raises `Unreachable`."""
        self._backend.start_background(command, seconds)

    def close(self) -> None:
        """Leave nothing running in the background."""
        self._backend.close()

    def read(self, command: str, *args: str, seconds: float = COMMAND_SECONDS) -> str:
        """What a command that must work prints. `%s` in `command` are replaced by the quoted `args`.

        Raises `NotChecked` when it fails: what could not be read was not measured.
        """
        return self.require_success(self.run(command, *args, seconds=seconds))

    def require_success(
        self, done: testinfra.backend.base.CommandResult, exit_statuses: Sequence[int] = (0,)
    ) -> str:
        """The standard output of a command that must have worked; raises `NotChecked` when it did not."""
        if done.exit_status not in exit_statuses:
            output = " ".join((done.stderr or done.stdout).split())[:300]
            raise NotChecked(
                f"`{done.command.decode()}` ended with {done.exit_status}: {output}",
                f"host {self.name}",
                "The auditor must be able to run it: converge the host with `make up`.",
            )
        return str(done.stdout)

    def parsed(self, done: testinfra.backend.base.CommandResult, exit_statuses: Sequence[int] = (0,)) -> Any:  # noqa: ANN401 - JSON of any shape
        """`require_success`, as JSON; raises `NotChecked` when it is none."""
        text = self.require_success(done, exit_statuses)
        try:
            return json.loads(text)
        except ValueError as error:
            said = " ".join(done.stderr.split())[:300] or str(error)
            raise NotChecked(
                f"`{done.command.decode()}` ended with {done.exit_status} and printed no JSON: {said}",
                f"host {self.name}",
            ) from error

    def privileged(self, command: str, *args: str, seconds: float = COMMAND_SECONDS) -> str:
        """`read` with sudo, for a command line that the host's sudoers grants the auditor word by word."""
        return self.read(f"sudo -n {command}", *args, seconds=seconds)

    def json(self, command: str, *args: str, seconds: float = COMMAND_SECONDS) -> Any:  # noqa: ANN401
        """What a command prints, as JSON; raises `NotChecked` when it fails or prints none."""
        return self.parsed(self.run(command, *args, seconds=seconds))

    def ask(self, question: Question[Answer], *, seconds: float = COMMAND_SECONDS) -> Answer:
        """What a probe answers; raises `NotChecked` when it fails, or its answer is not of the schema."""
        answer = self.answered(question, self.run(question.command, seconds=seconds))
        self._asked_at[question] = time.time()
        return answer

    def asked_at(self, question: Question[Any]) -> float:
        """When the newest answer to a question came, as a Unix time: what it tells is as old as it was then.

        Raises KeyError for one that `ask` never answered.
        """
        return self._asked_at[question]

    def answered(self, question: Question[Answer], done: testinfra.backend.base.CommandResult) -> Answer:
        """The answer that a command printed; raises `NotChecked` like `ask`."""
        values = self.parsed(done, question.exit_statuses)
        try:
            return pydantic.TypeAdapter(question.answer).validate_json(json.dumps(values), strict=True)
        except pydantic.ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            key = ".".join(map(str, first["loc"]))
            raise NotChecked(
                f"`{question.command}` answers otherwise than expected: {key}: {first['msg']}",
                f"host {self.name}",
                "The host's programs are of another version: converge the host with `make up`.",
            ) from error
