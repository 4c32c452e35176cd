"""Where the volume's parts are: one small file of root's, written by Ansible."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from amanat_host.errors import HostError

CONFIGURATION = Path("/etc/amanat/volume.json")


@dataclass(frozen=True)
class Layout:
    """Paths of one volume.

    ``backing`` is the image file, or the block device when the host gives one; ``mount`` is where its file
    system appears; ``encrypted_dir`` is the directory below it whose every file is encrypted. With a ``tang_url`` the
    key lies in ``bound``, which only opens with that server's help; without one it lies in ``key`` as it is.
    """

    method: str
    backing: Path
    mount: Path
    encrypted_dir: Path
    key: Path
    bound: Path
    tang_url: str
    size_gib: int
    mapper: str = "amanat-volume"

    @classmethod
    def load(cls, path: Path = CONFIGURATION) -> Layout:
        """Read the layout.

        Raises:
            HostError: the file is missing or not what Ansible writes.
        """
        try:
            raw = json.loads(path.read_text())
            return cls(
                method=str(raw["method"]),
                backing=Path(raw["backing"]),
                mount=Path(raw["mount"]),
                encrypted_dir=Path(raw["encrypted_dir"]),
                key=Path(raw["key"]),
                bound=Path(raw["bound"]),
                tang_url=str(raw["tang_url"]),
                size_gib=int(raw["size_gib"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise HostError("the volume's configuration can't be read", str(path), str(error)) from error
