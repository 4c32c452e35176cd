"""URLs that people write: parsed once, and safe to hand to a shell, a template or a configuration file."""

import re
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from amanat.errors import listed

REGISTRY = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9._-]+)*")
_UNSAFE = re.compile(r"[\s\"'`$\\;|&<>{}()]")
_GO_WORDS = ("direct", "off")


class BadUrl(ValueError):
    """A text that is not a URL of the wanted kind; its message goes on after the text ("… is not a URL")."""


def split_url(text: str) -> SplitResult:
    """The parts of a URL. Raises BadUrl."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises when it is no number
    except ValueError as error:
        raise BadUrl("is not an address") from error
    return parts


def checked_url(text: str, schemes: Sequence[str]) -> str:
    """The URL without slashes at its end. Raises BadUrl when its scheme is another, or no plain ASCII."""
    parts = split_url(text)
    if parts.scheme not in schemes or not (parts.path if parts.scheme == "file" else parts.hostname):
        raise BadUrl(f"is not a URL with {listed(schemes, 'or')}")
    if not is_plain(text):
        raise BadUrl("holds a blank, a quote, a sign of the shell or a letter beyond ASCII")
    return text.rstrip("/")


def is_plain(text: str) -> bool:
    """Whether no shell, template or configuration file reads a sign of it as its own."""
    return text.isascii() and not _UNSAFE.search(text)


def go_proxies(text: str) -> list[str]:
    """The addresses in a list as GOPROXY has it, without its words `direct` and `off`."""
    return [part for part in re.split(r"[,|]", text) if part and part not in _GO_WORDS]
