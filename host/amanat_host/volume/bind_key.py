"""Keep the key that Ansible brings: bound to another host, or, where there is none, in a file."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from amanat_host.errors import HostError
from amanat_host.volume import ext4, tang
from amanat_host.volume import key as keys
from amanat_host.volume.layout import Layout

_MODE = 0o400


@dataclass(frozen=True)
class Trusted:
    """Thumbprints of the other host's keys, as read from that host itself; empty if it could not be asked."""

    signing: Collection[str] = ()
    exchange: Collection[str] = ()


def keep(layout: Layout, hexadecimal: str, trusted: Trusted, dry_run: bool = False) -> bool:
    """Keep the key where the volume finds it at boot; say whether that changed anything.

    Raises:
        HostError: it is not 64 hexadecimal digits, does not open the volume that exists, or can't be bound.
    """
    try:
        key = bytes.fromhex(hexadecimal.strip())
    except ValueError:
        key = b""
    if len(key) != keys.BYTES:
        raise HostError("the key given is not 64 hexadecimal digits", "volume_key")
    if not keys.opens(layout, key):
        raise HostError(
            "the key given does not open the volume of this host",
            "volume_key",
            "nothing was changed; give the key the volume was made with",
        )
    if not layout.tang_url:
        changed = _holds(layout.key) != key
        if changed and not dry_run:
            _write(layout.key, key)
        return _remove(layout.bound, dry_run) or changed
    changed = not _is_bound(layout, key, trusted)
    if changed and not dry_run:
        _write(layout.bound, _bound(layout, key, trusted))
    return _remove(layout.key, dry_run) or changed


def _is_bound(layout: Layout, key: bytes, trusted: Trusted) -> bool:
    jwe = _holds(layout.bound)
    try:
        found = tang.binding(jwe)
    except HostError:
        return False
    if found.url != layout.tang_url:
        return False
    if trusted.exchange and found.exchange not in trusted.exchange:
        return False
    if trusted.signing and not found.advertised & set(trusted.signing):
        return False
    try:
        return tang.unlock(jwe) == key
    except tang.Unanswered as problem:
        # An open volume needs nobody: a converge goes on while the other host is away.
        if problem.silent and ext4.mounted_device(layout.mount):
            return True
        if problem.silent:
            raise
        return False


def _bound(layout: Layout, key: bytes, trusted: Trusted) -> bytes:
    if not trusted.signing:
        raise HostError(
            "the keys of the host that the volume's key is bound to are not known",
            layout.tang_url,
            "they are read from that host over SSH: see that it runs, then run the playbook again",
        )
    jwe = tang.bind(key, layout.tang_url, sorted(trusted.signing)[0])
    if tang.binding(jwe).exchange not in trusted.exchange:
        raise HostError("another host's key was offered for the exchange", layout.tang_url)
    if tang.unlock(jwe) != key:
        raise HostError("the key does not come back as it was bound", layout.tang_url)
    return jwe


def _holds(path: Path) -> bytes:
    """A file's content if it is as it should be, else nothing."""
    if not path.is_file() or path.stat().st_mode & 0o7777 != _MODE:
        return b""
    return path.read_bytes()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as opened:
        opened.write(content)
        os.fsync(opened.fileno())
    fresh.replace(path)
    _sync(path.parent)


def _remove(path: Path, dry_run: bool) -> bool:
    """Overwrite and remove a file and what a killed run left of it; say whether there was one.

    Overwriting helps on disks that write in place; what others keep is the disk's own encryption's to solve.
    """
    left = [
        one for one in (path, path.with_name(path.name + ".new"), path.with_suffix(".new")) if one.exists()
    ]
    if dry_run:
        return bool(left)
    for one in left:
        with open(one, "r+b") as opened:
            opened.write(bytes(one.stat().st_size))
            opened.flush()
            os.fsync(opened.fileno())
        one.unlink()
    if left:
        _sync(path.parent)
    return bool(left)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
