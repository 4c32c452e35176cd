"""The file system inside the volume: made, checked, mounted."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from amanat_host.commands import run
from amanat_host.errors import HostError

_OPTIONS = "noatime,nodev,nosuid,noexec"
_BYTES_PER_INODE = "65536"
_WORTH_GROWING_BYTES = 64 << 20


def signature(backing: Path) -> str:
    """Return what a file or device holds as blkid names it (``ext4``, ``crypto_LUKS``), or an empty string.

    Raises:
        HostError: it holds several things at once.
    """
    return _told(backing, "TYPE")


def identity(backing: Path) -> str:
    """Return the file system's UUID as 32 hexadecimal digits, or an empty string."""
    return _told(backing, "UUID").replace("-", "")


def make(backing: Path, key_identifier: str = "") -> None:
    """Make an ext4 file system; with a key's identifier one that can encrypt and has it as its UUID.

    The discard of mkfs would give the image's reserved space back to the disk; so it is off.
    """
    encrypt = ["-O", "encrypt", "-U", str(uuid.UUID(hex=key_identifier))] if key_identifier else []
    run(
        "mkfs.ext4",
        "-q",
        "-F",
        *encrypt,
        "-L",
        "amanat",
        "-m",
        "1",
        "-i",
        _BYTES_PER_INODE,
        "-E",
        "nodiscard,lazy_itable_init=0,lazy_journal_init=0",
        str(backing),
    )


def check(backing: Path) -> None:
    """Replay the journal and repair what can be repaired safely, before the file system is mounted.

    Raises:
        HostError: it needs a person.
    """
    try:
        run("e2fsck", "-p", str(backing), accept=(0, 1))
    except HostError as error:
        raise HostError("the volume's file system is damaged", str(backing), error.fix) from error


def mount(device: str, target: Path) -> None:
    """Mount a device."""
    target.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "ext4", "-o", _OPTIONS, device, str(target))


def mounted_device(target: Path) -> str:
    """Return the device mounted on a directory, or an empty string."""
    found = ""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        device, where = line.split()[:2]
        if where == str(target):
            found = device
    return found


def unmount(target: Path) -> None:
    """Unmount a directory if something is mounted there."""
    if mounted_device(target):
        run("umount", str(target))


def fill(backing: Path) -> None:
    """Let an unmounted file system fill an image or device that has grown.

    Growing a mounted one needs CAP_SYS_RESOURCE, which a container host lacks.
    """
    with open(backing, "rb") as opened:
        size = opened.seek(0, os.SEEK_END)
    if size - int(_told(backing, "FSSIZE") or size) >= _WORTH_GROWING_BYTES:
        run("e2fsck", "-f", "-p", str(backing), accept=(0, 1))
        run("resize2fs", str(backing))


def _told(backing: Path, tag: str) -> str:
    return run("blkid", "-p", "-s", tag, "-o", "value", str(backing), accept=(0, 2)).strip()
