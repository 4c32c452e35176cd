"""Try whether this host alone can open its volume, and whether the key or its other half lies on its disks.

Unlocks once without a network and once with it, then searches every file outside the volume for the key and for
the other host's key. Only reads; prints names, never a key.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path

from amanat_host.answers.volume import Unlock
from amanat_host.commands import run, run_raw
from amanat_host.entry import probe
from amanat_host.errors import HostError
from amanat_host.volume import fscrypt, key, tang
from amanat_host.volume.layout import Layout
from amanat_host.volume.search import Search, in_files

NOT_DISKS = {
    *(
        "proc",
        "sysfs",
        "cgroup",
        "cgroup2",
        "devpts",
        "devtmpfs",
        "mqueue",
        "debugfs",
        "tracefs",
        "securityfs",
    ),
    *("bpf", "pstore", "fusectl", "configfs", "binfmt_misc", "hugetlbfs", "efivarfs", "autofs", "nsfs"),
}
LONE_SECONDS = 20.0


def opens_alone(jwe: bytes) -> bool:
    """Say whether the kept key opens in a network of its own, where nobody else is."""
    lone = ("unshare", "--net")
    run(*lone, "true")  # the trial itself must be possible
    try:
        run_raw(*lone, "clevis", "decrypt", given=jwe, seconds=LONE_SECONDS)
    except HostError:
        return False
    return True


def files_outside(layout: Layout) -> Iterator[Path]:
    """Every file but those on the volume, its image, and what is no disk."""
    mounts = [line.split()[1:3] for line in Path("/proc/self/mounts").read_text().splitlines()]
    left_out = {path for path, kind in mounts if kind in NOT_DISKS} | {str(layout.mount)}
    for directory, below, names in os.walk("/"):
        below[:] = [name for name in below if os.path.join(directory, name) not in left_out]
        for name in names:
            path = Path(directory, name)
            if path != layout.backing:
                yield path


def unlock() -> Unlock:
    """Try and search."""
    layout = Layout.load()
    jwe = layout.bound.read_bytes() if layout.bound.exists() else b""
    opener = key.read(layout)
    forms = (opener, opener.hex().encode(), base64.b64encode(opener), base64.urlsafe_b64encode(opener))
    helper = tang.binding(jwe).public.encode() if jwe else b"no host helps"
    number, where = in_files(files_outside(layout), Search([*dict.fromkeys(forms), helper]))
    return Unlock(
        bound=bool(jwe),
        opens_alone=opens_alone(jwe) if jwe else True,
        opens_with_help=key.opens(layout, opener),
        key_identifier=fscrypt.identifier(opener),
        searched_files=number,
        key_found_in=sorted({str(path) for form in forms for path in where[form]}),
        helper_found_in=sorted(str(path) for path in where[helper]),
    )


main = probe(__doc__, {"": unlock}, long_seconds={"": 250})
