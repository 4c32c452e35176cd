"""Keep the file of logins that rest-server reads: one line a host, bcrypt of its password.

Standard input: {host: password} in JSON. A line that still fits its password stays. Prints `changed` or
`unchanged`; with --dry-run nothing is written.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import bcrypt

from amanat_host.entry import program
from amanat_host.errors import HostError
from amanat_host.restic.server import Settings

ROUNDS = 8  # logins are random, so rounds add nothing; the server goes through them every few seconds


def kept(path: Path) -> dict[str, str]:
    """The lines that are there: what bcrypt made, by host."""
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def lines(passwords: Mapping[str, str], before: Mapping[str, str]) -> str:
    """The whole file: a host's old line where it fits, else a new one."""
    text = ""
    for host, password in sorted(passwords.items()):
        old = before.get(host, "")
        fits = old.startswith("$2b$") and bcrypt.checkpw(password.encode(), old.encode())
        text += (
            f"{host}:{old if fits else bcrypt.hashpw(password.encode(), bcrypt.gensalt(ROUNDS)).decode()}\n"
        )
    return text


@program
def main() -> None:
    """Write the file where it differs."""
    try:
        settings = Settings.load()
        path = settings.logins
        wanted = lines(json.load(sys.stdin), kept(path))
        right = path.exists() and path.read_text(encoding="utf-8") == wanted
        right = right and path.owner() == settings.account and path.stat().st_mode & 0o777 == 0o400
        if not right and "--dry-run" not in sys.argv[1:]:
            new = path.with_name(f"{path.name}.new")  # the same each time: a killed run's is replaced
            new.unlink(missing_ok=True)
            with open(
                os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w", encoding="utf-8"
            ) as stream:
                stream.write(wanted)
            shutil.chown(new, settings.account, settings.account)
            os.replace(new, path)
    except (HostError, OSError, ValueError) as error:
        raise HostError(type(error).__name__) from None  # never what was read
    sys.stdout.write("unchanged" if right else "changed")
