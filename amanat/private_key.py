"""Where the passphrase of an OpenPGP private key comes from."""

import getpass
import os
from collections.abc import Callable
from pathlib import Path

from amanat.errors import BadInput

TERMINAL = Path("/dev/tty")
Passphrase = Callable[[], str]


def passphrase_of(key: Path, file: Path | None, option: str) -> Passphrase:
    """What gives the passphrase of `key` when called: the first line of `file`, else whoever sits at the terminal.

    It raises BadInput, naming `option`, when the file can't be read or nobody sits there.
    """

    def read() -> str:
        return _from_file(file, option) if file else _from_terminal(key, option)

    return read


def _from_file(file: Path, option: str) -> str:
    try:
        passphrase = file.read_text("utf-8").partition("\n")[0].removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            "the passphrase's file can't be read", f"{option} {file}", "Give another file."
        ) from error
    if not passphrase:
        raise BadInput(
            "the passphrase's file begins with an empty line", f"{option} {file}", "Give another file."
        )
    return passphrase


def _from_terminal(key: Path, option: str) -> str:
    try:
        os.close(os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY))
    except OSError as error:
        raise BadInput(
            "the private key has a passphrase, and nobody is there to type it",
            str(key),
            f"Give {option} FILE.",
        ) from error
    return getpass.getpass(f"Passphrase of {key}: ")
