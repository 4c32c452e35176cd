"""LUKS, where the host has device mapper. The header is made by Ansible; here it is opened and closed."""

from __future__ import annotations

from pathlib import Path

from amanat_host.commands import run
from amanat_host.errors import HostError
from amanat_host.volume.layout import Layout


def available() -> bool:
    """Say whether this host can map encrypted devices."""
    return Path("/dev/mapper/control").exists()


def fits(backing: Path, key: bytes) -> bool:
    """Say whether a key opens a LUKS header."""
    try:
        run("cryptsetup", "open", "--test-passphrase", "--key-file", "-", str(backing), given=key)
    except HostError:
        return False
    return True


def make(backing: Path, key: bytes) -> None:
    """Give a file or device its LUKS header; the key goes through a pipe."""
    run(
        "cryptsetup",
        "luksFormat",
        "--batch-mode",
        "--type",
        "luks2",
        "--cipher",
        "aes-xts-plain64",
        "--key-size",
        "512",
        "--label",
        "amanat",
        "--key-file",
        "-",
        str(backing),
        given=key,
    )


def unlock(layout: Layout, key: bytes) -> str:
    """Map the volume and return its device; a loop device under it clears itself.

    Raises:
        HostError: the key is not this volume's.
    """
    device = f"/dev/mapper/{layout.mapper}"
    if Path(device).exists():
        return device
    if not fits(layout.backing, key):
        raise HostError(
            "the key is not this volume's", str(layout.backing), "put back the key it was made with"
        )
    given = ("--type", "luks2", "--key-file", "-", str(layout.backing), layout.mapper)
    run("cryptsetup", "open", *given, given=key)
    return device


def lock(layout: Layout) -> None:
    """Unmap the volume."""
    if Path(f"/dev/mapper/{layout.mapper}").exists():
        run("cryptsetup", "close", layout.mapper)
