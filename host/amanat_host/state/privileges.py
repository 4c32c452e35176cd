"""Files that give rights to whoever runs or opens them: set-user-ID, set-group-ID, capabilities, devices."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator

from amanat_host.accounts import account_name, group_name
from amanat_host.state.capabilities import named
from amanat_host.state.listing import Listing
from amanat_host.system.state import text

NO_FILES = {
    *(
        "devtmpfs",
        "proc",
        "sysfs",
        "cgroup",
        "cgroup2",
        "devpts",
        "mqueue",
        "hugetlbfs",
        "debugfs",
        "tracefs",
        "securityfs",
    ),
    *("bpf", "pstore", "efivarfs", "configfs", "fusectl", "binfmt_misc", "autofs", "nsfs", "selinuxfs"),
}
LOOP = 7  # the major number of loop devices
CAPABILITY = "security.capability"
PRIVILEGED = stat.S_ISUID | stat.S_ISGID
EXECUTABLE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


def read() -> Listing:
    """Every such file on every file system, once; directories' set-group-ID bits give nothing."""
    listing = Listing()
    for path, status in entries():
        mode = f"{owner(status)} {stat.S_IMODE(status.st_mode):04o}"
        if stat.S_ISREG(status.st_mode):
            if status.st_mode & PRIVILEGED:
                listing.add(f"set-user-ID {path}", mode, status.st_ctime)
            if status.st_mode & EXECUTABLE and (held := capabilities_of(path)):
                listing.add(f"capabilities of {path}", held, status.st_ctime)
        elif device := device_of(status):
            listing.add(f"device {path}", f"{device} {mode}", status.st_ctime)
    return listing


def device_of(status: os.stat_result) -> str:
    """A device by kind and numbers; "" for what is none, for loop devices, and for what stands for a removed file."""
    numbers = os.major(status.st_rdev), os.minor(status.st_rdev)
    if stat.S_ISBLK(status.st_mode) and numbers[0] != LOOP:
        return f"block {numbers[0]}:{numbers[1]}"
    if stat.S_ISCHR(status.st_mode) and numbers != (0, 0):
        return f"character {numbers[0]}:{numbers[1]}"
    return ""


def entries() -> Iterator[tuple[str, os.stat_result]]:
    """Every file of every file system that has files, each file system once."""
    mounts = [line.split() for line in text("/proc/self/mounts").splitlines()]
    # Later mounts hide earlier ones of the same place.
    kinds = {place.replace("\\040", " "): kind for _, place, kind, *_ in mounts}
    seen: set[int] = set()
    for root in sorted(
        place for place, kind in kinds.items() if kind not in NO_FILES and os.path.isdir(place)
    ):
        device = os.lstat(root).st_dev
        if device not in seen:
            seen.add(device)
            yield from below(root, device)


def below(root: str, device: int) -> Iterator[tuple[str, os.stat_result]]:
    """Files below a directory that lie on its file system."""
    waiting = [root]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as found:
                for entry in found:
                    if entry.is_dir(follow_symlinks=False):
                        if os.lstat(entry.path).st_dev == device:
                            waiting.append(entry.path)
                    elif not entry.is_symlink():
                        yield entry.path, entry.stat(follow_symlinks=False)
        except OSError:
            continue  # it went away


def owner(status: os.stat_result) -> str:
    """`user:group`, by name where it has one."""
    return f"{account_name(status.st_uid)}:{group_name(status.st_gid)}"


def capabilities_of(path: str) -> str:
    """A file's capabilities (vfs_cap_data: permitted sets of two words); "" for none."""
    try:
        magic, low, _, high, _ = struct.unpack(
            "<5I", os.getxattr(path, CAPABILITY, follow_symlinks=False)[:20]
        )
    except (OSError, struct.error):
        return ""
    bits = low | high << 32
    return f"{named(bits)} {'effective' if magic & 1 else 'permitted'}"
