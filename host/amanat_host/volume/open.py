"""Open the volume at boot and close it at shutdown; both may be repeated."""

from __future__ import annotations

import os
from pathlib import Path

from amanat_host.errors import HostError
from amanat_host.volume import ext4, fscrypt, loop, luks
from amanat_host.volume.layout import Layout

_REMEDY = "put back the key it was made with"


def unlock(layout: Layout, key: bytes) -> None:
    """Mount the volume and unlock it with its key; let its file system fill an image that has grown.

    Raises:
        HostError: another host holds it, it is damaged, or the key is not its own. Then nothing stays mounted.
    """
    try:
        if layout.method == "luks":
            _open_luks(layout, key)
        else:
            _open_fscrypt(layout, key)
    except HostError:
        lock(layout)
        raise


def must_exist(layout: Layout) -> None:
    """Say at once that there is nothing to open, before anybody waits for a key.

    Raises:
        HostError: there is no volume.
    """
    if not layout.backing.exists():
        raise HostError("there is no volume", str(layout.backing), "run the playbook again")


def lock(layout: Layout) -> None:
    """Unmount the volume; its key leaves the kernel with it."""
    ext4.unmount(layout.mount)
    if layout.method == "luks":
        luks.lock(layout)


def _open_fscrypt(layout: Layout, key: bytes) -> None:
    if not ext4.mounted_device(layout.mount):
        if ext4.identity(layout.backing) != fscrypt.identifier(key):
            raise HostError("the key is not this volume's", str(layout.backing), _REMEDY)
        loop.wait_until_free(layout.backing)
        ext4.check(layout.backing)
        ext4.fill(layout.backing)
        opened, device = loop.attach(layout.backing)
        try:
            ext4.mount(device, layout.mount)
        finally:
            os.close(opened)
    policy = fscrypt.policy_of(layout.encrypted_dir)
    if policy is None:
        raise HostError(
            "the directory is not encrypted", str(layout.encrypted_dir), "restore the volume from a backup"
        )
    if fscrypt.add_key(layout.mount, key) != policy.key_identifier:
        raise HostError("the key is not this directory's", str(layout.encrypted_dir), _REMEDY)


def _open_luks(layout: Layout, key: bytes) -> None:
    if layout.backing.is_file() and not ext4.mounted_device(layout.mount):
        loop.wait_until_free(layout.backing)
    device = Path(luks.unlock(layout, key))
    if not ext4.signature(device):
        ext4.make(device)
    if not ext4.mounted_device(layout.mount):
        ext4.check(device)
        ext4.fill(device)
        ext4.mount(str(device), layout.mount)
    layout.encrypted_dir.mkdir(exist_ok=True)
