#!/usr/bin/python3 -B
"""Name the keys of this host's tang server and say who may read them, as one JSON object. Only reads.

Only thumbprints are told, never a key. Exit status: 0 told, 1 a problem (one message on standard error).
"""

from __future__ import annotations

import base64
import grp
import hashlib
import json
import pwd
import stat
import sys
from pathlib import Path

KEYS = Path("/var/lib/tang")
PUBLIC_MEMBERS = ("crv", "kty", "x", "y")
USES = {"verify": "signing", "deriveKey": "exchange"}


def thumbprint(key: dict[str, str]) -> str:
    """Return the name of an elliptic key (RFC 7638, SHA-256)."""
    members = {name: key[name] for name in PUBLIC_MEMBERS}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()


def access(path: Path) -> dict[str, str]:
    """Return who may read a file or directory."""
    status = path.stat()
    return {
        "path": str(path),
        "owner": pwd.getpwuid(status.st_uid).pw_name,
        "group": grp.getgrgid(status.st_gid).gr_name,
        "mode": f"{stat.S_IMODE(status.st_mode):04o}",
    }


def described(path: Path) -> dict[str, object]:
    """Return what may be told about one key. A name that begins with a dot is served and no longer advertised."""
    key = json.loads(path.read_text(encoding="utf-8"))
    uses = [USES[use] for use in key.get("key_ops", []) if use in USES]
    return {
        **access(path),
        "thumbprint": thumbprint(key),
        "use": uses[0] if uses else "",
        "advertised": not path.name.startswith("."),
    }


def facts(directory: Path = KEYS) -> dict[str, object]:
    """Look at every key."""
    keys = [described(path) for path in sorted(directory.iterdir()) if path.suffix == ".jwk"]
    return {
        "directory": access(directory),
        "keys": keys,
        "advertised": {
            use: [key["thumbprint"] for key in keys if key["advertised"] and key["use"] == use]
            for use in USES.values()
        },
    }


def main() -> int:
    """Print the facts and return the exit status."""
    try:
        sys.stdout.write(json.dumps(facts(), indent=2) + "\n")
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"error: the keys can't be read: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
