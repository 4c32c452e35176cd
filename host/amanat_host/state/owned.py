"""Which package brought a file, and when: for what runs, as dpkg has it."""

from __future__ import annotations

import functools
import glob
import os
from collections.abc import Mapping

from amanat_host.state import files_dpkg

LISTS = f"{files_dpkg.ADMIN}/info"


@functools.cache
def packages_by_path() -> Mapping[str, str]:
    """Path -> the package that lists it. A name in it says nothing of the content: `dpkg --verify` does."""
    return files_dpkg.read().owners


def package_of(path: str) -> str:
    """The package that lists a path; "" for none."""
    return packages_by_path().get(files_dpkg.merged(path), "")


def installed_at(package: str) -> float:
    """When dpkg last unpacked a package, as a Unix time; 0 where it doesn't know it."""
    for listing in (f"{LISTS}/{package}.list", *glob.glob(f"{LISTS}/{package}:*.list")):
        try:
            return os.stat(listing).st_mtime
        except OSError:
            continue
    return 0.0
