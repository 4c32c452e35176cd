"""The per-user cache of tools: an entry is there whole or not at all, and one process at a time fills it."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from amanat import files, paths

MANIFEST = "tools.json"


def cache_dir() -> Path:
    """Where built and downloaded tools are kept, made if it isn't there yet."""
    return files.private_directory(paths.cache() / "tools")


def is_intact(entry: Path) -> bool:
    """Whether every file has the size it was stored with: a power cut may lose what was just written."""
    try:
        sizes: dict[str, int] = json.loads((entry / MANIFEST).read_text(encoding="utf-8"))
        return bool(sizes) and all(
            (entry / "bin" / name).stat().st_size == size for name, size in sizes.items()
        )
    except (OSError, ValueError, AttributeError):
        return False


def put(entry: Path, fill: Callable[[Path], list[str]]) -> Path:
    """Make `entry` by letting `fill` put files into a directory; return its `bin`. Call under the lock.

    The entry appears by one rename. What killed runs left is swept first.
    """
    for left in entry.parent.glob(".partial-*"):
        shutil.rmtree(left, ignore_errors=True)
    partial = entry.parent / f".partial-{entry.name}-{os.getpid()}"
    try:
        binaries = partial / "bin"
        binaries.mkdir(parents=True)
        sizes = {name: (binaries / name).stat().st_size for name in fill(binaries)}
        (partial / MANIFEST).write_text(json.dumps(sizes, indent=1, sort_keys=True), encoding="utf-8")
        shutil.rmtree(entry, ignore_errors=True)
        partial.rename(entry)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return entry / "bin"
