"""Certificate authorities a person names in a file: read once, checked, handed on as PEM text."""

import ssl
from pathlib import Path

from amanat.errors import BadInput

BEGIN = "-----BEGIN CERTIFICATE-----"


class BadCaBundle(BadInput):
    """A file of certificate authorities is missing, unreadable, holds none, or holds a private key."""


def read_ca_bundle(path: Path, setting: str) -> str:
    """The PEM text of the file that `setting` names. Raises BadCaBundle."""
    fix = f"Set {setting} to a readable file of PEM certificates, or leave it empty."
    try:
        text = path.read_text(encoding="ascii")
    except UnicodeDecodeError as fault:
        raise BadCaBundle("The file of trusted authorities is not a PEM file.", str(path), fix) from fault
    except OSError as fault:
        what = f"The file of trusted authorities can't be read: {fault.strerror}."
        raise BadCaBundle(what, str(path), fix) from fault
    if "PRIVATE KEY" in text:
        what = "The file of trusted authorities holds a private key, which every host would get."
        raise BadCaBundle(what, str(path), fix)
    if BEGIN not in text or not _is_readable(text):
        raise BadCaBundle("The file of trusted authorities holds no PEM certificate.", str(path), fix)
    return text


def _is_readable(text: str) -> bool:
    try:
        ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError):
        return False
    return True
