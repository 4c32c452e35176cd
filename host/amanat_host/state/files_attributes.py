"""A path's owners, mode, extended attributes and flags, as text."""

from __future__ import annotations

import array
import errno
import fcntl
import os
import stat
import struct
from collections.abc import Iterator

from amanat_host.accounts import account_name, group_name
from amanat_host.state.capabilities import named

FS_IOC_GETFLAGS = 0x80086601  # ioctl_iflags(2)
FLAGS = {0x10: "immutable", 0x20: "append-only"}
TYPES = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFSOCK: "socket",
    stat.S_IFIFO: "pipe",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
}
# linux/posix_acl.h: tag -> its name, and whether it is of one account or group.
ACL_TAGS = {
    0x01: ("user", False),
    0x02: ("user", True),
    0x04: ("group", False),
    0x08: ("group", True),
    0x10: ("mask", False),
    0x20: ("other", False),
}


def described(status: os.stat_result, target: str = "") -> str:
    """Type, mode, owner and group; a link's target, a device's numbers."""
    owners = f"{account_name(status.st_uid)} {group_name(status.st_gid)}"
    if stat.S_ISLNK(status.st_mode):
        return f"link {owners} -> {target}"
    kind = TYPES.get(stat.S_IFMT(status.st_mode), "unknown")
    if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
        kind += f" {os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
    return f"{kind} {stat.S_IMODE(status.st_mode):04o} {owners}"


def extended(path: str) -> Iterator[tuple[str, bytes]]:
    """The extended attributes, of a link its own; none of what is gone, or where a file system has none."""
    try:
        for name in os.listxattr(path, follow_symlinks=False):
            yield name, os.getxattr(path, name, follow_symlinks=False)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENODATA, errno.ENOTSUP):
            raise


def acl(value: bytes) -> str:
    """An ACL as text, from the form that the kernel keeps (linux/posix_acl_xattr.h)."""
    return " ".join(_acl_entries(value[4:]))


def capability(value: bytes) -> str:
    """A file's capabilities (vfs_cap_data: permitted and inheritable sets of two words) as text."""
    try:
        magic, permitted, inheritable, permitted_high, inheritable_high = struct.unpack("<5I", value[:20])
    except struct.error:
        return f"unknown: {value.hex()}"
    permitted |= permitted_high << 32
    inheritable |= inheritable_high << 32
    parts = [f"{named(permitted)} {'effective' if magic & 1 else 'permitted'}"]
    if inheritable:
        parts.append(f"{named(inheritable)} inheritable")
    if len(value) > 20:
        parts.append(f"of the user namespace {int.from_bytes(value[20:24], 'little')}")
    return ", ".join(parts)


def _acl_entries(value: bytes) -> Iterator[str]:
    for tag, rights, number in struct.iter_unpack("<HHI", value[: len(value) // 8 * 8]):
        name, is_named = ACL_TAGS.get(tag, (str(tag), False))
        who = (account_name(number) if name == "user" else group_name(number)) if is_named else ""
        letters = "".join(letter if rights & bit else "-" for bit, letter in ((4, "r"), (2, "w"), (1, "x")))
        yield f"{name}:{who}:{letters}"


def flags(handle: int) -> list[str]:
    """Those flags of chattr(1) that keep an open file as it is; none where a file system has none."""
    number = array.array("l", [0])
    try:
        fcntl.ioctl(handle, FS_IOC_GETFLAGS, number)
    except OSError:
        return []
    return [name for flag, name in FLAGS.items() if number[0] & flag]
