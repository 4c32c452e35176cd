"""Name the keys of this host's tang server and say who may read them, as one JSON object. Only reads.

Only thumbprints are told, never a key.
"""

from __future__ import annotations

import dataclasses
import grp
import json
import pwd
import stat
from pathlib import Path

from amanat_host.answers.volume import Access, Advertised, TangKey, TangKeys
from amanat_host.entry import probe
from amanat_host.errors import HostError
from amanat_host.tang.thumbprint import thumbprint

KEYS = Path("/var/lib/tang")
USES = {"verify": "signing", "deriveKey": "exchange"}


def access(path: Path) -> Access:
    """Who may read a file or directory."""
    status = path.stat()
    return Access(
        path=str(path),
        owner=pwd.getpwuid(status.st_uid).pw_name,
        group=grp.getgrgid(status.st_gid).gr_name,
        mode=f"{stat.S_IMODE(status.st_mode):04o}",
    )


def described(path: Path) -> TangKey:
    """What may be told about one key. A name that begins with a dot is served and no longer advertised."""
    key = json.loads(path.read_text(encoding="utf-8"))
    uses = [USES[use] for use in key.get("key_ops", []) if use in USES]
    return TangKey(
        **dataclasses.asdict(access(path)),
        thumbprint=thumbprint(key),
        use=uses[0] if uses else "",
        advertised=not path.name.startswith("."),
    )


def keys(directory: Path = KEYS) -> TangKeys:
    """Every key of the server. Raises `HostError`."""
    try:
        found = [described(path) for path in sorted(directory.iterdir()) if path.suffix == ".jwk"]
    except (OSError, ValueError, KeyError) as error:
        raise HostError(f"the keys can't be read: {error}") from error
    advertised = {
        use: [key.thumbprint for key in found if key.advertised and key.use == use] for use in USES.values()
    }
    return TangKeys(access(directory), found, Advertised(**advertised))


main = probe(__doc__, {"": keys})
