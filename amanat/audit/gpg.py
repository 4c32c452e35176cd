"""Opens sealed content with the operator's OpenPGP key and nothing but gpg, as a court's expert would."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from amanat.audit.errors import NotChecked
from amanat.gpg import GpgFailed, GpgHome, gpg_home
from amanat.private_key import Passphrase


class GpgKeyring:
    """A temporary gpg home that holds one private key."""

    def __init__(self, home: GpgHome) -> None:
        self._home = home

    def open_key(self, sealed: str) -> str:
        """The passphrase in a disclosed data key (base64 of an OpenPGP message to the operator's key)."""
        return self._gpg("--decrypt", data=base64.b64decode(sealed)).decode()

    def open_content(self, content: str, passphrase: str) -> str:
        """The text of a disclosed message (base64 of a symmetric OpenPGP message)."""
        return self._gpg("--decrypt", data=base64.b64decode(content), passphrase=passphrase.encode()).decode()

    def load(self, key: Path, passphrase: Passphrase) -> None:
        """Take the private key in, asking for its passphrase if it has one; raises `NotChecked` when gpg refuses it."""
        self._gpg("--import", data=key.read_bytes())
        if self._home.has_protected_key():
            self._home.passphrase = passphrase().encode()

    def _gpg(self, *arguments: str, data: bytes, passphrase: bytes | None = None) -> bytes:
        try:
            return self._home.run(*arguments, data=data, passphrase=passphrase)
        except GpgFailed as error:
            why = " (is its passphrase right?)" if self._home.passphrase and passphrase is None else ""
            what = f"gpg can't open what was sealed: {error.what}{why}"
            raise NotChecked(what, "the operator's key", error.fix) from error


@contextmanager
def keyring(key: Path, passphrase: Passphrase) -> Iterator[GpgKeyring]:
    """A keyring with the operator's private key, gone afterwards; `passphrase` is called if the key has one."""
    with gpg_home() as home:
        opened = GpgKeyring(home)
        opened.load(key, passphrase)
        yield opened
