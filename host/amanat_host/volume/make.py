"""Make the volume once, and let it grow. Nothing here ever overwrites a file system."""

from __future__ import annotations

import os
from pathlib import Path

from amanat_host.commands import run
from amanat_host.errors import HostError
from amanat_host.volume import ext4, fscrypt, key, loop, luks
from amanat_host.volume.layout import Layout

GIB = 1 << 30
_METHOD_OF = {"ext4": "fscrypt", "crypto_LUKS": "luks"}
_STAGE = Path("/run/amanat-volume.new")


def method(wanted: str, backing: Path) -> str:
    """Choose between ``luks`` and ``fscrypt``: what the volume is, else what is wanted, else what works.

    Raises:
        HostError: the volume is made the other way already, or holds something that is not ours.
    """
    held = ext4.signature(backing) if backing.exists() else ""
    if held and held not in _METHOD_OF:
        raise HostError(f"there is {held} already, and it is not ours", str(backing), "nothing was touched")
    made = _METHOD_OF.get(held, "")
    if made and wanted not in ("auto", made):
        raise HostError(
            f"the volume is made with {made}, not {wanted}",
            str(backing),
            f"set volume_encryption to auto or {made}, or move the data to a new volume",
        )
    return made or (wanted if wanted != "auto" else "luks" if luks.available() else "fscrypt")


def make(layout: Layout, dry_run: bool = False) -> bool:
    """Make the volume if there is none, or let it grow; say whether that changed anything.

    The image gets its name only when it is whole: a run killed half-way leaves nothing to be mistaken for it.

    Raises:
        HostError: the disk is too small, or the volume is larger than it should be.
    """
    if layout.backing.exists() and layout.method == "luks" and not ext4.signature(layout.backing):
        return _give_header(layout, dry_run)
    if layout.backing.exists():
        return not layout.backing.is_block_device() and _grow(layout, dry_run)
    if dry_run:
        return True
    opener = key.read(layout)
    image = layout.backing.with_name(layout.backing.name + ".new")
    _clear_stage(image)
    layout.backing.parent.mkdir(parents=True, exist_ok=True)
    _reserve(image, layout.size_gib * GIB)
    if layout.method == "fscrypt":
        _encrypt(image, layout, opener)
    else:
        luks.make(image, opener)
    with open(image, "rb") as opened:
        os.fsync(opened.fileno())
    image.rename(layout.backing)
    run("sync", str(layout.backing.parent))
    return True


def _give_header(layout: Layout, dry_run: bool) -> bool:
    if not dry_run:
        luks.make(layout.backing, key.read(layout))
    return True


def _encrypt(image: Path, layout: Layout, opener: bytes) -> None:
    ext4.make(image, fscrypt.identifier(opener))
    opened, device = loop.attach(image)
    try:
        ext4.mount(device, _STAGE)
    finally:
        os.close(opened)
    encrypted_dir = _STAGE / layout.encrypted_dir.relative_to(layout.mount)
    encrypted_dir.mkdir()
    fscrypt.set_policy(encrypted_dir, fscrypt.add_key(_STAGE, opener))
    ext4.unmount(_STAGE)
    _STAGE.rmdir()


def _clear_stage(image: Path) -> None:
    ext4.unmount(_STAGE)
    if image.exists():
        loop.wait_until_free(image)
        image.unlink()


def _reserve(image: Path, size: int) -> None:
    """Take the whole size from the disk now: one that fills up later must not fail a write in the volume."""
    free = os.statvfs(image.parent)
    missing = size - (image.stat().st_size if image.exists() else 0) - free.f_bavail * free.f_frsize
    if missing > 0:
        raise HostError(
            f"the disk is {missing / GIB:.1f} GiB too small for a volume of {size // GIB} GiB",
            str(image.parent),
            "make room, or lower volume_size_gib",
        )
    with open(os.open(image, os.O_RDWR | os.O_CREAT, 0o600), "rb") as opened:
        try:
            os.posix_fallocate(opened.fileno(), 0, size)
        except OSError as error:
            raise HostError("the volume's space can't be reserved", str(image), str(error)) from error
        os.fsync(opened.fileno())


def _grow(layout: Layout, dry_run: bool) -> bool:
    size, wanted = layout.backing.stat().st_size, layout.size_gib * GIB
    if size > wanted:
        raise HostError(
            f"the volume has {size / GIB:g} GiB and can't shrink to {layout.size_gib}",
            str(layout.backing),
            f"set volume_size_gib to {-(-size // GIB)} or more",
        )
    if size < wanted and not dry_run:
        _reserve(layout.backing, wanted)
    return size < wanted
