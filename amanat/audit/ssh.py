"""One SSH connection per host, kept open for the whole audit: 170 commands take two seconds instead of 36."""

import contextlib
import os
import re
import selectors
import shlex
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from amanat import processes
from amanat.audit.errors import NotChecked, Unreachable
from amanat.audit.inventory import AuditedHost
from amanat.paths import NoHome, user_home

COMMAND_SECONDS = 120
CONNECT_SECONDS = 10
MOST_BYTES = 32 * 1024 * 1024
MASTER_SECONDS = 4 * CONNECT_SECONDS
SSH = ("ssh", "-F", "none")  # nobody's configuration: what the inventory says comes after it, and counts
LAST = ("IdentityAgent=none",)  # ssh keeps the first value of an option, so an inventory may name an agent
_CHUNK = 65536


@dataclass(frozen=True)
class Completed:
    """How a command on a host ended."""

    exit_status: int
    stdout: bytes
    stderr: bytes


class Connection:
    """Runs commands on one host as the auditor; host keys are checked strictly, nothing is forwarded.

    Args:
        audited: the host.
        control: a private directory with a short path, for the connection's socket.
    """

    def __init__(self, audited: AuditedHost, control: Path) -> None:
        self.audited = audited
        self._socket = control / "%C"
        self._open = False
        self._refusal: Unreachable | None = None

    def run(self, command: str, stdin: bytes = b"", seconds: float = COMMAND_SECONDS) -> Completed:
        """Run a shell command line on the host.

        Raises `Unreachable` when the host doesn't answer or refuses the auditor, `NotChecked` when the
        command takes longer than `seconds` or prints more than 32 MiB.
        """
        self._connect()
        done = _bounded(
            [*self._ssh(), "--", self.audited.address, command], stdin, seconds, self.audited.name
        )
        if done.exit_status == 255 and not self._alive():
            self._open = False
            raise self._unreachable(done.stderr)
        return done

    def close(self) -> None:
        """Leave no ssh process behind."""
        if self._open:
            self._ask_master("exit")
            self._open = False

    @property
    def known_hosts(self) -> Path:
        """The file in which the host's key is pinned."""
        for argument in self.audited.ssh_arguments:
            name, _, value = argument.partition("=")
            if name.removeprefix("-o").strip().lower() == "userknownhostsfile" and value:
                unquoted = shlex.split(value)[0] if value.startswith('"') else value
                return Path(unquoted.replace("%%", "%")).expanduser()
        return user_home() / ".ssh" / "known_hosts"

    def host_key(self) -> str:
        """The pinned key's fingerprint as `ssh-keygen -l` prints it, or "" when none is pinned."""
        audited = self.audited
        name = audited.address if audited.port == 22 else f"[{audited.address}]:{audited.port}"
        found = processes.run(
            ["ssh-keygen", "-l", "-F", name, "-f", str(self.known_hosts)], capture_output=True
        )
        words = found.stdout.split()
        return next((word for word in words if word.startswith("SHA256:")), "")

    def _ssh(self) -> list[str]:
        options = [
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            f"ConnectTimeout={CONNECT_SECONDS}",
            "ServerAliveInterval=15",
            "ForwardAgent=no",
            "ForwardX11=no",
            "ClearAllForwardings=yes",
            "PermitLocalCommand=no",
            "RequestTTY=no",
            "LogLevel=ERROR",
            f"ControlPath={self._socket}",
            f"Port={self.audited.port}",
            f"User={self.audited.user}",
        ]
        if self.audited.key:
            options += [f"IdentityFile={self.audited.key}", "IdentitiesOnly=yes"]
        # ssh keeps the first value of an option: ours stand before the inventory's.
        return [*SSH, *_given(options), *self.audited.ssh_arguments, *_given(LAST)]

    def _connect(self) -> None:
        if self._refusal is not None:
            raise self._refusal
        if self._open:
            return
        if self.audited.key and not self.audited.key.is_file():
            self._refusal = Unreachable(
                "there is no key for the auditor", str(self.audited.key), "Give one with --auditor-key FILE."
            )
            raise self._refusal
        # The master must not inherit our pipes, or reading them would wait for the master's end.
        master = _given(["ControlMaster=yes", "ControlPersist=yes"])
        command = [*self._ssh(), *master, "-N", "-f", "--", self.audited.address]
        try:
            with processes.started(command, stdout=processes.DEVNULL, stderr=processes.PIPE) as process:
                stderr = _until_exit(process)
        except processes.TimeoutExpired:
            stderr = f"no session after {MASTER_SECONDS} s".encode()
        if process.returncode:
            self._refusal = self._unreachable(stderr)
            raise self._refusal
        self._open = True

    def _alive(self) -> bool:
        return self._ask_master("check")

    def _ask_master(self, what: str) -> bool:
        """Whether the process that holds the connection does what it is asked (ssh(1), -O)."""
        command = [*self._ssh(), "-O", what, "--", self.audited.address]
        try:
            return processes.run(command, seconds=CONNECT_SECONDS, capture_output=True).returncode == 0
        except processes.TimedOut:
            return False

    def _unreachable(self, stderr: bytes) -> Unreachable:
        message = " ".join(stderr.decode("utf-8", "backslashreplace").split()) or "the connection was lost"
        return Unreachable(
            f"{self.audited.name} can't be audited: {message}",
            f"{self.audited.user}@{self.audited.address}:{self.audited.port}",
            f"Start the host and run `make up`, or correct the inventory.{_unread_configuration()}",
        )


def offered_methods(target: AuditedHost, user: str) -> list[str]:
    """What sshd offers a stranger, e.g. ["publickey"]; empty when it lets them in.

    Raises `Unreachable` when there is no answer about methods.
    """
    options = ["BatchMode=yes", "StrictHostKeyChecking=yes", f"ConnectTimeout={CONNECT_SECONDS}"]
    options += ["PreferredAuthentications=none", "ControlPath=none", "LogLevel=ERROR"]
    options += [f"Port={target.port}", f"User={user}"]
    command = [*SSH, *_given(options), *target.ssh_arguments, *_given(LAST), "--", target.address, "true"]
    try:
        done = processes.run(command, seconds=MASTER_SECONDS, capture_output=True)
    except processes.TimedOut as error:
        raise Unreachable(f"sshd of {target.name} offers nothing: {error.what}", target.address) from error
    if done.returncode == 0:
        return []
    offered = re.search(r"Permission denied \(([a-z0-9,-]+)\)", done.stderr)
    if offered is None:
        message = " ".join(done.stderr.split())
        raise Unreachable(
            f"sshd of {target.name} offers nothing: {message}", f"{target.address}:{target.port}"
        )
    return offered[1].split(",")


def _given(options: Sequence[str]) -> list[str]:
    return [part for option in options for part in ("-o", option)]


def _unread_configuration() -> str:
    """What to add for a person whose own ssh would get there."""
    there = False
    with contextlib.suppress(NoHome, OSError):
        there = (user_home() / ".ssh" / "config").is_file()
    return (
        " ~/.ssh/config isn't read: what its ssh needs (a jump host, say) goes into ansible_ssh_common_args."
        if there
        else ""
    )


def _until_exit(master: "processes.Popen[bytes]") -> bytes:
    """What ssh says before it goes to the background; there it, or a proxy, may keep the pipe open, so don't wait."""
    master.wait(timeout=MASTER_SECONDS)
    if not master.returncode or master.stderr is None:
        return b""
    os.set_blocking(master.stderr.fileno(), False)
    return master.stderr.read() or b""


def _bounded(command: list[str], stdin: bytes, seconds: float, host: str) -> Completed:
    pipe = processes.PIPE
    with processes.started(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None  # noqa: S101 - for the type checker
        assert process.stderr is not None  # noqa: S101
        writer = threading.Thread(target=_write, args=(process.stdin, stdin), daemon=True)
        writer.start()  # beside the reading, and its time: a host that hangs takes nothing
        deadline = time.monotonic() + seconds
        try:
            stdout, stderr = _read_both(process.stdout, process.stderr, deadline, command[-1], host)
            process.wait(timeout=max(CONNECT_SECONDS, deadline - time.monotonic()))
        except (TimeoutError, processes.TimeoutExpired):
            raise NotChecked(
                f"no end after {seconds:g} s: {command[-1]}", host, "See why it hangs there."
            ) from None
        finally:
            if process.poll() is None:
                process.kill()  # the writer's pipe breaks with it
            writer.join(CONNECT_SECONDS)
    return Completed(process.returncode, stdout, stderr)


def _write(file: IO[bytes], data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError):
        try:
            file.write(data)
        finally:
            file.close()


def _read_both(
    stdout: IO[bytes], stderr: IO[bytes], deadline: float, command: str, host: str
) -> tuple[bytes, bytes]:
    read: dict[int, bytearray] = {stdout.fileno(): bytearray(), stderr.fileno(): bytearray()}
    with selectors.DefaultSelector() as selector:
        for descriptor in read:
            selector.register(descriptor, selectors.EVENT_READ)
        files = {stdout.fileno(): stdout, stderr.fileno(): stderr}
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            for event, _ in ready:
                chunk = files[event.fd].read1(_CHUNK)  # type: ignore[attr-defined]
                if not chunk:
                    selector.unregister(event.fd)
                read[event.fd] += chunk
            if sum(map(len, read.values())) > MOST_BYTES:
                raise NotChecked(
                    f"more than {MOST_BYTES} bytes of output: {command}", host, "Narrow the probe."
                )
    return bytes(read[stdout.fileno()]), bytes(read[stderr.fileno()])
