"""A host's way to its copies: what it proves itself with, and calls of restic."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from amanat_host import processes
from amanat_host.errors import HostError

CONFIGURATION = Path("/etc/amanat/copy/copy.json")
AUTHORITY = Path("/etc/amanat/pki/ca.crt")
OWN = Path("/etc/amanat/copy")  # an address with a login for each destination, and the key: for root alone
FIRST = "first"  # the stack's own server; another destination is the operator's, with a public certificate
CERTIFICATE = (Path("/etc/amanat/pki/host.crt"), Path("/etc/amanat/pki/host.key"))
RESTIC = "/usr/bin/restic"
NO_REPOSITORY, INCOMPLETE = 10, 3  # restic's exit statuses (its manual, 075)


@dataclass(frozen=True)
class Settings:
    """Whose copies they are, what they hold, and where they go."""

    host: str
    server: str
    port: int
    destinations: tuple[str, ...]
    paths: tuple[str, ...]
    left_out: tuple[str, ...]

    @classmethod
    def load(cls, path: Path = CONFIGURATION) -> Settings:
        """Read what the role wrote; `HostError` when it can't be read."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            lists = (tuple(found[name]) for name in ("destinations", "paths", "left_out"))
            return cls(found["host"], found["server"], int(found["port"]), *lists)
        except (OSError, ValueError, KeyError) as error:
            raise HostError(f"{path}: {error}") from error


def login() -> str:
    """The host's password on the server."""
    return (OWN / FIRST).read_text(encoding="utf-8").split("@")[0].rpartition(":")[2]


def pair(directory: Path) -> Path:
    """Write certificate and key into one file, as restic wants them; `directory` is private."""
    path = directory / "host.pem"
    path.touch(mode=0o600)
    path.write_bytes(b"".join(part.read_bytes() for part in CERTIFICATE))
    return path


class Restic:
    """restic with the host's repository at a destination; nothing secret is on its command line."""

    def __init__(self, scratch: Path, destination: str = FIRST) -> None:
        self._environment = {
            "RESTIC_REPOSITORY_FILE": str(OWN / destination),
            "RESTIC_PASSWORD_FILE": str(OWN / "key"),
            "TMPDIR": str(scratch),
            "PATH": "/usr/bin:/bin",
        }
        if destination == FIRST:
            self._environment |= {
                "RESTIC_CACERT": str(AUTHORITY),
                "RESTIC_TLS_CLIENT_CERT": str(pair(scratch)),
            }
        if "RESTIC_CACHE_DIR" in os.environ:
            self._environment["RESTIC_CACHE_DIR"] = os.environ["RESTIC_CACHE_DIR"]

    def run(
        self, *arguments: str, accepted: tuple[int, ...] = (0,), seconds: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run restic; `HostError` with its last words when it ends otherwise than `accepted`."""
        try:
            done = processes.run(
                [RESTIC, "--quiet", *arguments],
                capture_output=True,
                text=True,
                env=self._environment,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired as error:
            raise HostError(f"restic {arguments[0]} takes more than {seconds:g} s") from error
        if done.returncode not in accepted:
            raise HostError(f"restic {arguments[0]} ended with {done.returncode}: {self.without_login(done)}")
        return done

    @staticmethod
    def without_login(done: subprocess.CompletedProcess[str]) -> str:
        """The end of what restic said, without the login that its address holds."""
        said = " ".join((done.stderr or done.stdout).split())
        return said.replace(login(), "***")[-400:]
