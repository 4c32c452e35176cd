"""The name of an elliptic key: its thumbprint (RFC 7638, SHA-256)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping

_MEMBERS = ("crv", "kty", "x", "y")


def thumbprint(key: Mapping[str, str]) -> str:
    """The thumbprint of a key given as a JWK."""
    members = {name: key[name] for name in _MEMBERS}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()
