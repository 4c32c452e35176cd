"""What a program printed, in a form that is safe to keep: text, bounded, without secrets."""

import hashlib
from dataclasses import asdict, dataclass

from amanat.evidence.redact import Redactor

KEPT_CHARACTERS = 1024 * 1024  # a dimension of a host's whole state has some hundred thousand


@dataclass(frozen=True)
class Output:
    """One stream of a probe.

    `text` is the beginning and the end where the whole is too long; `sha256` is of the whole *redacted* text
    in UTF-8, since a digest of the raw bytes would let a reader test guesses of the secret.
    """

    text: str
    bytes: int
    sha256: str
    truncated: bool
    utf8: bool

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def keep(raw: bytes, redact: Redactor, limit: int = KEPT_CHARACTERS) -> Output:
    """Decode, redact and bound one stream; bytes that are no UTF-8 stay readable as `\\xNN`."""
    try:
        text, utf8 = raw.decode("utf-8"), True
    except UnicodeDecodeError:
        text, utf8 = raw.decode("utf-8", "backslashreplace"), False
    text = redact(text)
    whole = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    truncated = len(text) > limit
    if truncated:
        half = limit // 2
        text = f"{text[:half]}\n[… {len(text) - 2 * half} characters left out …]\n{text[-half:]}"
    return Output(text=text, bytes=len(raw), sha256=whole, truncated=truncated, utf8=utf8)


def printable(text: str) -> str:
    """Make a host's text harmless on a terminal: no escape sequences, no bidirectional overrides."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)
