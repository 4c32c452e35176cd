"""Opens sealed content with the operator's OpenPGP key and nothing but gpg, as a court's expert would."""

import base64
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from amanat import processes
from amanat.audit.errors import NotChecked
from amanat.private_key import Passphrase, is_protected


class Keyring:
    """A temporary gpg home that holds one private key."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._passphrase = ""  # the private key's own

    def open_key(self, sealed: str) -> str:
        """The passphrase in a disclosed data key (base64 of an OpenPGP message to the operator's key)."""
        return self._gpg(["--decrypt"], base64.b64decode(sealed), self._passphrase).decode()

    def open_content(self, content: str, passphrase: str) -> str:
        """The text of a disclosed message (base64 of a symmetric OpenPGP message)."""
        return self._gpg(["--decrypt"], base64.b64decode(content), passphrase).decode()

    def load(self, key: Path, passphrase: Passphrase) -> None:
        """Take the private key in, asking for its passphrase if it has one; raises `NotChecked` when gpg refuses it."""
        self._gpg(["--import"], key.read_bytes(), "")
        if is_protected(self._home):
            self._passphrase = passphrase()

    def close(self) -> None:
        """Stop the agent that gpg started."""
        processes.run(["gpgconf", "--homedir", str(self._home), "--kill", "all"])

    def _gpg(self, arguments: list[str], data: bytes, passphrase: str) -> bytes:
        # The passphrase goes through a file of our private directory: process lists show arguments.
        secret = self._home / "passphrase"
        secret.touch(mode=0o600)
        secret.write_text(passphrase)
        command = ["gpg", "--homedir", str(self._home), "--batch", "--quiet", "--no-tty"]
        command += ["--pinentry-mode", "loopback", "--passphrase-file", str(secret), *arguments]
        try:
            done = processes.run_bytes(command, input=data, capture_output=True)
        except FileNotFoundError as error:
            raise NotChecked("gpg is not installed on the controller", "PATH", "Install gnupg.") from error
        except processes.TimedOut as error:
            raise NotChecked(error.what, "gpg", error.fix) from error
        finally:
            secret.unlink()
        if done.returncode:
            said = " ".join(done.stderr.decode("utf-8", "replace").split())
            why = " (is its passphrase right?)" if self._passphrase and passphrase == self._passphrase else ""
            raise NotChecked(f"gpg can't open what was sealed: {said}{why}", "the operator's key")
        return done.stdout


@contextmanager
def keyring(key: Path, passphrase: Passphrase) -> Iterator[Keyring]:
    """A keyring with the operator's private key, gone afterwards; `passphrase` is called if the key has one."""
    with tempfile.TemporaryDirectory(prefix="amanat-gpg-") as home:
        opened = Keyring(Path(home))
        try:
            opened.load(key, passphrase)
            yield opened
        finally:
            opened.close()
