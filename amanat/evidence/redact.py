"""Secrets leave a text before it becomes evidence."""

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote

REDACTED = "[redacted]"
SHORTEST_SECRET = 6  # shorter values would blank out ordinary words

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # A key block cut off by a full disk or a closed pipe is still a key: redact to the end of the text.
    (
        re.compile(
            r"-----BEGIN (?P<kind>[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?)-----.*?(?:-----END (?P=kind)-----|\Z)",
            re.DOTALL,
        ),
        f"{REDACTED} private key",
    ),
    (re.compile(r"\bAGE-SECRET-KEY-1[0-9A-Z]+"), f"{REDACTED} age key"),
    (re.compile(r"(?P<keep>[a-zA-Z][\w+.-]{0,30}://[^\s/:@]{0,256}:)[^\s/@]+(?=@)"), rf"\g<keep>{REDACTED}"),
    (
        re.compile(r"(?P<keep>SCRAM-SHA-256\$)\d+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+"),
        rf"\g<keep>{REDACTED}",
    ),
    (re.compile(r"\bmd5[0-9a-f]{32}\b"), f"md5{REDACTED}"),
    # crypt(5): yescrypt, SHA-512, SHA-256, bcrypt; argon2 in its own notation.
    (re.compile(r"(?P<keep>\$(?:y|gy|7|6|5|2[abxy]|argon2(?:id|i|d))\$)[^\s:]{8,}"), rf"\g<keep>{REDACTED}"),
    (re.compile(r"(?i)(?P<keep>\bauthorization:\s*(?:basic|bearer)\s+)\S+"), rf"\g<keep>{REDACTED}"),
    (
        re.compile(
            r"""(?ix)(?P<keep>\b(?:pgpassword|password|passwd|passphrase|secret|api_?key|access_?token|auth_?token)
            ["']?\s*(?:=|:)\s*)(?!\[redacted\])(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s"',;]+)"""
        ),
        rf"\g<keep>{REDACTED}",
    ),
)


class Redactor:
    """Replaces known secret values, and what looks like a secret, by `[redacted]`.

    Args:
        secrets: values that must never be written; those shorter than six characters are ignored.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Learn more secret values, in the forms in which programs print them."""
        for secret in secrets:
            for form in _forms(secret.strip()):
                if len(form) >= SHORTEST_SECRET:
                    self._known.add(form)
        longest_first = sorted(self._known, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """Return `text` without secrets."""
        if self._pattern is not None:
            text = self._pattern.sub(REDACTED, text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text


def _forms(secret: str) -> Iterable[str]:
    if len(secret) < SHORTEST_SECRET:
        return
    yield secret
    yield quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    yield secret.replace("'", "'\\''")
    yield base64.b64encode(secret.encode()).decode()
    yield secret.encode().hex()
    if "\n" in secret:  # a multi-line key may be printed line by line, indented or quoted
        yield from (line for line in secret.splitlines() if len(line) >= 32 and not line.startswith("-----"))
