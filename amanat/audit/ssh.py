"""One SSH connection per host, kept open for the whole audit: 170 commands take two seconds instead of 36."""

import contextlib
import re
import selectors
import shlex
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from amanat.audit.errors import NotChecked, Unreachable
from amanat.audit.inventory import Target

COMMAND_SECONDS = 120
CONNECT_SECONDS = 10
MOST_BYTES = 32 * 1024 * 1024
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
        target: the host.
        control: a private directory with a short path, for the connection's socket.
    """

    def __init__(self, target: Target, control: Path) -> None:
        self.target = target
        self._socket = control / "%C"
        self._open = False
        self._refusal: Unreachable | None = None

    def run(self, command: str, stdin: bytes = b"", seconds: float = COMMAND_SECONDS) -> Completed:
        """Run a shell command line on the host.

        Raises `Unreachable` when the host doesn't answer or refuses the auditor, `NotChecked` when the
        command takes longer than `seconds` or prints more than 32 MiB.
        """
        self._connect()
        done = _bounded([*self._ssh(), "--", self.target.address, command], stdin, seconds, self.target.name)
        if done.exit_status == 255 and not self._alive():
            self._open = False
            raise self._unreachable(done.stderr)
        return done

    def close(self) -> None:
        """Leave no ssh process behind."""
        if self._open:
            subprocess.run(
                [*self._ssh(), "-O", "exit", "--", self.target.address], capture_output=True, check=False
            )
            self._open = False

    @property
    def known_hosts(self) -> Path:
        """The file in which the host's key is pinned."""
        for argument in self.target.ssh_arguments:
            name, _, value = argument.partition("=")
            if name.removeprefix("-o").strip().lower() == "userknownhostsfile" and value:
                unquoted = shlex.split(value)[0] if value.startswith('"') else value
                return Path(unquoted.replace("%%", "%")).expanduser()
        return Path.home() / ".ssh" / "known_hosts"

    def host_key(self) -> str:
        """The pinned key's fingerprint as `ssh-keygen -l` prints it, or "" when none is pinned."""
        target = self.target
        name = target.address if target.port == 22 else f"[{target.address}]:{target.port}"
        found = subprocess.run(
            ["ssh-keygen", "-l", "-F", name, "-f", str(self.known_hosts)],
            capture_output=True,
            text=True,
            check=False,
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
            f"Port={self.target.port}",
            f"User={self.target.user}",
        ]
        if self.target.key:
            options += [f"IdentityFile={self.target.key}", "IdentitiesOnly=yes"]
        # ssh keeps the first value of an option: ours stand before the inventory's.
        return ["ssh", *(part for option in options for part in ("-o", option)), *self.target.ssh_arguments]

    def _connect(self) -> None:
        if self._refusal is not None:
            raise self._refusal
        if self._open:
            return
        if self.target.key and not self.target.key.is_file():
            self._refusal = Unreachable(
                "there is no key for the auditor", str(self.target.key), "Give one with --auditor-key FILE."
            )
            raise self._refusal
        # The master must not inherit our pipes, or reading them would wait for the master's end.
        with subprocess.Popen(
            [
                *self._ssh(),
                "-o",
                "ControlMaster=yes",
                "-o",
                "ControlPersist=yes",
                "-N",
                "-f",
                "--",
                self.target.address,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as master:
            stderr = _until_exit(master)
        if master.returncode:
            self._refusal = self._unreachable(stderr)
            raise self._refusal
        self._open = True

    def _alive(self) -> bool:
        check = [*self._ssh(), "-O", "check", "--", self.target.address]
        return subprocess.run(check, capture_output=True, check=False).returncode == 0

    def _unreachable(self, stderr: bytes) -> Unreachable:
        said = " ".join(stderr.decode("utf-8", "backslashreplace").split()) or "the connection was lost"
        return Unreachable(
            f"{self.target.name} can't be audited: {said}",
            f"{self.target.user}@{self.target.address}:{self.target.port}",
            "Start the host and run `make up`, or correct the inventory.",
        )


def offered_methods(target: Target, user: str) -> list[str]:
    """What sshd offers a stranger, e.g. ["publickey"]; empty when it lets them in.

    Raises `Unreachable` when there is no answer about methods.
    """
    options = ["BatchMode=yes", "StrictHostKeyChecking=yes", f"ConnectTimeout={CONNECT_SECONDS}"]
    options += ["PreferredAuthentications=none", "ControlPath=none", "LogLevel=ERROR"]
    options += [f"Port={target.port}", f"User={user}"]
    words = [part for option in options for part in ("-o", option)]
    done = subprocess.run(
        ["ssh", *words, *target.ssh_arguments, "--", target.address, "true"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode == 0:
        return []
    offered = re.search(r"Permission denied \(([a-z0-9,-]+)\)", done.stderr)
    if offered is None:
        said = " ".join(done.stderr.split())
        raise Unreachable(f"sshd of {target.name} offers nothing: {said}", f"{target.address}:{target.port}")
    return offered[1].split(",")


def _until_exit(master: subprocess.Popen[bytes]) -> bytes:
    """What ssh says before it goes to the background; there it may keep the pipe open, so don't wait."""
    master.wait(timeout=4 * CONNECT_SECONDS)
    if not master.returncode or master.stderr is None:
        return b""
    return master.stderr.read()


def _bounded(command: list[str], stdin: bytes, seconds: float, host: str) -> Completed:
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None  # noqa: S101 - for the type checker
        assert process.stdout is not None  # noqa: S101
        assert process.stderr is not None  # noqa: S101
        try:
            with contextlib.suppress(BrokenPipeError), process.stdin as file:
                file.write(stdin)
            stdout, stderr = _read_both(process.stdout, process.stderr, seconds, command[-1], host)
        except BaseException:
            process.kill()
            raise
    return Completed(process.returncode, stdout, stderr)


def _read_both(
    stdout: IO[bytes], stderr: IO[bytes], seconds: float, command: str, host: str
) -> tuple[bytes, bytes]:
    deadline = time.monotonic() + seconds
    read: dict[int, bytearray] = {stdout.fileno(): bytearray(), stderr.fileno(): bytearray()}
    with selectors.DefaultSelector() as selector:
        for descriptor in read:
            selector.register(descriptor, selectors.EVENT_READ)
        files = {stdout.fileno(): stdout, stderr.fileno(): stderr}
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise NotChecked(f"no end after {seconds:g} s: {command}", host, "See why it hangs there.")
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
