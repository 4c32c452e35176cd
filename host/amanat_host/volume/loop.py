"""Loop devices, straight from the kernel's interface (linux/loop.h).

losetup can't set autoclear while it attaches, and a container's /dev lacks the nodes. Here a device clears
itself from its first moment on: a killed host leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import struct
import time
from collections.abc import Iterator
from pathlib import Path

from amanat_host.answers.volume import Attachment
from amanat_host.errors import HostError

_MAJOR = 7
_GET_FREE = 0x4C82
_CONFIGURE = 0x4C0A
_GET_STATUS = 0x4C05
_AUTOCLEAR = 4
_DIRECT_IO = 16
_TRIES = 64
_INFO = struct.Struct("=5Q4I64s64s32s2Q")
_CONFIGURATION = struct.Struct(f"=2I{_INFO.size}s8Q")


def node(number: int) -> str:
    """Return the path of a loop device, making its node where /dev lacks it."""
    path = f"/dev/loop{number}"
    with contextlib.suppress(FileExistsError):
        os.mknod(path, stat.S_IFBLK | 0o660, os.makedev(_MAJOR, number))
    return path


def make_nodes() -> None:
    """Make the nodes of all loop devices that there are, and of as many more as `attach` may be given."""
    there = [int(path.name.removeprefix("loop")) for path in Path("/sys/block").glob("loop*")]
    for number in range(max(there, default=-1) + 1 + _TRIES):
        node(number)


def attach(image: Path, tries: int = _TRIES) -> tuple[int, str]:
    """Attach an image; return an open descriptor, which keeps it attached until it is mounted, and its path.

    Raises:
        HostError: no loop device could be had.
    """
    backing = os.open(image, os.O_RDWR | os.O_CLOEXEC)
    try:
        for _ in range(tries):
            with open("/dev/loop-control", "rb") as control:
                number = fcntl.ioctl(control, _GET_FREE)
            path = node(number)
            device = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            name = str(image).encode()[:63]
            info = _INFO.pack(0, 0, 0, 0, 0, 0, 0, 0, _AUTOCLEAR | _DIRECT_IO, name, b"", b"", 0, 0)
            try:
                fcntl.ioctl(device, _CONFIGURE, _CONFIGURATION.pack(backing, 0, info, *[0] * 8))
            except OSError as error:
                os.close(device)
                if error.errno != errno.EBUSY:  # another host on this machine was quicker
                    raise
            else:
                return device, path
    except OSError as error:
        raise HostError("no loop device could be had", "/dev/loop-control", str(error)) from error
    finally:
        os.close(backing)
    raise HostError(f"no loop device came free in {tries} tries", "/dev/loop-control")


def attachments(image: Path) -> Iterator[Attachment]:
    """Find the loop devices that hold an image, also those of another mount namespace."""
    wanted = image.stat()
    for entry in Path("/sys/block").glob("loop*/loop"):
        with contextlib.suppress(OSError):
            path = node(int(entry.parent.name.removeprefix("loop")))
            with open(path, "rb") as device:
                status = bytearray(_INFO.size)
                fcntl.ioctl(device, _GET_STATUS, status)
            found = _INFO.unpack(status)
            if found[1] == wanted.st_ino and found[0] == _encoded(wanted.st_dev):
                flags = found[8]
                yield Attachment(path, bool(flags & _AUTOCLEAR), bool(flags & _DIRECT_IO))


def wait_until_free(image: Path, seconds: float = 30.0) -> None:
    """Wait until no loop device holds an image: a host killed a moment ago may still be letting go of it.

    Two file systems mounted from one image would destroy it.

    Raises:
        HostError: it is still held after ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while held := next(attachments(image), None):
        if time.monotonic() > deadline:
            raise HostError(
                f"the image is attached to {held.device} already",
                str(image),
                "another host uses it: stop that one first",
            )
        time.sleep(0.1)


def _encoded(device: int) -> int:
    """Pack a device number as the kernel does (new_encode_dev), which is not always as glibc does."""
    major, minor = os.major(device), os.minor(device)
    return (minor & 0xFF) | (major << 8) | ((minor & ~0xFF) << 12)
