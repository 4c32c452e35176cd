"""The volume's key: where it comes from. It is only ever in memory and in pipes."""

from __future__ import annotations

from amanat_host.errors import HostError
from amanat_host.volume import ext4, fscrypt, luks, tang
from amanat_host.volume.layout import Layout

BYTES = 32


def read(layout: Layout) -> bytes:
    """Return the volume's key: with the help of the host it is bound to, or from its file.

    A run that was killed between the two still leaves a volume that opens.

    Raises:
        tang.Unanswered: the other host doesn't help now; it may later.
        HostError: there is no key, or it has another length.
    """
    bound = layout.tang_url and (layout.bound.exists() or not layout.key.exists())
    source = layout.bound if bound else layout.key
    try:
        held = source.read_bytes()
    except OSError as error:
        fix = "run the playbook again: it brings the key"
        raise HostError("the volume's key can't be read", str(source), f"{error.strerror}; {fix}") from error
    key = tang.unlock(held) if bound else held
    if len(key) != BYTES:
        raise HostError(f"the volume's key has {len(key)} bytes, not {BYTES}", str(source))
    return key


def opens(layout: Layout, key: bytes) -> bool:
    """Say whether a key is that of the volume; every key is, where there is none yet."""
    held = ext4.signature(layout.backing) if layout.backing.exists() else ""
    if held == "ext4":
        return ext4.identity(layout.backing) == fscrypt.identifier(key)
    return held != "crypto_LUKS" or luks.fits(layout.backing, key)
