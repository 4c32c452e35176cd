"""Whose a stack is: the name that everything made from one AMANAT_HOME carries on an engine."""

import os
import pwd
import socket
import uuid
from pathlib import Path

from amanat.errors import BadInput
from amanat.files import write_once
from amanat.paths import home

FILE = "owner"


class ForeignHome(BadInput):
    """AMANAT_HOME is another user's, or a copy of another."""


def owner() -> str:
    """`<user>@<machine>:<AMANAT_HOME> <12 hexadecimal digits>`, made once and kept in AMANAT_HOME.

    The digits tell two machines of one name apart; the rest is for people. Raises `ForeignHome`.
    """
    directory = home()
    require_own_home(directory)
    text = f"{user_name()}@{socket.gethostname()}:{directory} {uuid.uuid4().hex[:12]}\n"
    name = write_once(directory / FILE, text).strip()
    _refuse_a_copy(directory, name)
    return name


def described(name: str) -> str:
    """The part of an owner's name that a person reads."""
    return name.rpartition(" ")[0] or name


def user_name() -> str:
    """The name of this process's user, whatever LOGNAME says; the number of one that has none."""
    return _name(os.geteuid())


def require_own_home(directory: Path) -> None:
    """Raise `ForeignHome` for a home that another user made, unless we are root."""
    if os.geteuid() == 0 or not directory.exists():
        return
    maker = directory.stat().st_uid
    if maker != os.geteuid():
        raise ForeignHome(
            what=f"AMANAT_HOME belongs to {_name(maker)}",
            where=str(directory),
            fix=f"Work as {_name(maker)}, or unset AMANAT_HOME and use a checkout of your own.",
        )


def _name(user_id: int) -> str:
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return str(user_id)


def _refuse_a_copy(directory: Path, name: str) -> None:
    """Two homes with one name would take each other's hosts for halves of killed runs."""
    first = Path(described(name).partition(":")[2] or directory)
    if not name:
        raise ForeignHome(
            what="the name of this AMANAT_HOME's owner is empty",
            where=str(directory / FILE),
            fix="Put the file back from your backup: by it what is on the engine is known to be yours.",
        )
    if first != directory and _holds(first / FILE, name):
        raise ForeignHome(
            what=f"this AMANAT_HOME is a copy of {first}",
            where=str(directory / FILE),
            fix="Use the first one. If this one shall be another's, remove that file here.",
        )


def _holds(file: Path, name: str) -> bool:
    try:
        return file.read_text("utf-8").strip() == name
    except OSError:
        return False
