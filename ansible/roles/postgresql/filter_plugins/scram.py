"""A password's SCRAM verifier, computed on the controller: the server never sees the password itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Callable, Mapping

ITERATIONS = 4096
_VERIFIER = re.compile(r"SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)")


def verifier(password: str, salt: bytes, iterations: int) -> str:
    """Return the verifier PostgreSQL stores for an ASCII password (RFC 5802, RFC 7677)."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${iterations}:{encoded[0]}${encoded[1]}:{encoded[2]}"


def scram_verifier(password: str, kept: str | None = None) -> str:
    """Return the verifier the server keeps if it fits the password, else a new one with a fresh salt."""
    found = _VERIFIER.fullmatch(kept or "")
    if found:
        same = verifier(password, base64.b64decode(found[2]), int(found[1]))
        if hmac.compare_digest(same, kept or ""):
            return same
    return verifier(password, os.urandom(16), ITERATIONS)


def scram_verifiers(passwords: Mapping[str, str], kept: Mapping[str, str]) -> dict[str, str]:
    """Return each role's verifier, given those that the server keeps."""
    return {role: scram_verifier(password, kept.get(role)) for role, password in passwords.items()}


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, str]]]:
        """Return the filters by name."""
        return {"scram_verifiers": scram_verifiers}
