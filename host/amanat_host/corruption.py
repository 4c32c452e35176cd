"""The damage that probes do to scratch copies, to see whether it would be noticed."""

from __future__ import annotations

import os
from pathlib import Path


def flip_bit(path: Path) -> None:
    """Flip one bit in the middle of a file."""
    with path.open("r+b") as stream:
        stream.seek(path.stat().st_size // 2)
        byte = stream.read(1)
        stream.seek(-1, os.SEEK_CUR)
        stream.write(bytes([byte[0] ^ 1]))
