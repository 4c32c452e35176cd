"""Which files packages brought: dpkg's own lists, with the names that usr-merge gives them."""

from __future__ import annotations

import functools
import glob
import os
from collections.abc import Mapping
from pathlib import Path

ADMIN = "/var/lib/dpkg"
LISTS = f"{ADMIN}/info"
# Directories that became links into /usr; packages may still name files by them.
MERGED = ("/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin")


def merged(path: str) -> str:
    """A path by its place after the merge of /usr."""
    first = "/" + path.lstrip("/").partition("/")[0]
    return f"/usr{path}" if first in MERGED and path != first else path


@functools.cache
def packages_by_path() -> Mapping[str, str]:
    """Path -> the package that lists it. A name in it says nothing of the content: `dpkg --verify` does."""
    found = {}
    for listing in sorted(glob.glob(f"{LISTS}/*.list")):
        package = os.path.basename(listing).removesuffix(".list").partition(":")[0]
        for path in Path(listing).read_text("utf-8", errors="replace").splitlines():
            found[merged(path)] = package
    return found


def package_of(path: str) -> str:
    """The package that lists a path; "" for none."""
    return packages_by_path().get(merged(path), "")


def installed_at(package: str) -> float:
    """When dpkg last unpacked a package, as a Unix time; 0 where it doesn't know it."""
    for listing in (f"{LISTS}/{package}.list", *glob.glob(f"{LISTS}/{package}:*.list")):
        try:
            return os.stat(listing).st_mtime
        except OSError:
            continue
    return 0.0
