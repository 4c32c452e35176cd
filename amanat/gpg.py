"""GnuPG in a home directory of its own, for one task; no secret is ever an argument of a process."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from amanat import processes
from amanat.errors import AmanatError


class GpgFailed(AmanatError):
    """gpg can't be run, or refused; `what` is the last line that it wrote."""


class GpgHome:
    """A GnuPG home directory: keys go in, and what they open comes out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.passphrase = b""  # the private key's own

    def run(
        self,
        *arguments: str,
        data: bytes = b"",
        passphrase: bytes | None = None,
        seconds: float = processes.QUICK_SECONDS,
    ) -> bytes:
        """Standard output of one gpg run on `data`, with the private key's passphrase unless another is given.

        May be called from several threads. Raises GpgFailed.
        """
        reader, writer = os.pipe()
        secret = ("--pinentry-mode", "loopback", "--passphrase-fd", str(reader))
        command = ["gpg", "--homedir", str(self._path), "--batch", "--quiet", "--no-tty"]
        try:
            os.write(writer, self.passphrase if passphrase is None else passphrase)
            os.close(writer)
            done = processes.run_bytes(
                [*command, "--trust-model", "always", *secret, *arguments],
                input=data,
                seconds=seconds,
                capture_output=True,
                pass_fds=(reader,),
            )
        except OSError as error:
            raise GpgFailed(f"gpg can't be run: {error.strerror}", "PATH", "Install gnupg.") from error
        except processes.TimedOut as error:
            raise GpgFailed(error.what, "gpg", error.fix) from error
        finally:
            os.close(reader)
        if done.returncode:
            complaint = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise GpgFailed(complaint[-1][:200] if complaint else f"it ended {done.returncode}", "gpg")
        return done.stdout

    def has_protected_key(self) -> bool:
        """Whether a private key in it is under a passphrase (gpg-agent's KEYINFO, field PROTECTION)."""
        command = ["gpg-connect-agent", "--homedir", str(self._path), "KEYINFO --list", "/bye"]
        try:
            listing = processes.run(command, capture_output=True).stdout
        except FileNotFoundError:
            return False
        fields = [line.split() for line in listing.splitlines() if line.startswith("S KEYINFO ")]
        return any(len(one) > 7 and one[7] == "P" for one in fields)

    def stop_agent(self) -> None:
        """End the agent that gpg started."""
        try:
            processes.run(["gpgconf", "--homedir", str(self._path), "--kill", "all"], capture_output=True)
        except FileNotFoundError:
            return


@contextmanager
def gpg_home() -> Iterator[GpgHome]:
    """A home directory that is gone afterwards, its agent too."""
    with tempfile.TemporaryDirectory(prefix="amanat-gpg-") as directory:
        home = GpgHome(Path(directory))
        try:
            yield home
        finally:
            home.stop_agent()
