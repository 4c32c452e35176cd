"""Files of one JSON object a line, only ever appended to."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path


def append(path: Path, line: Mapping[str, object]) -> None:
    """Append a line, all of it or nothing, and make it last. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    length = os.fstat(descriptor).st_size
    left = memoryview((json.dumps(line) + "\n").encode())
    try:
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, length)
        raise
    finally:
        os.close(descriptor)
