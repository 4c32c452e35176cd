"""ext4's own encryption, straight from the kernel's interface (linux/fscrypt.h, version 2 policies).

Nothing of it is kept outside the file system but the key.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import hmac
import os
import struct
from collections.abc import Iterator
from pathlib import Path

from amanat_host.answers.volume import Policy
from amanat_host.errors import HostError

_SET_POLICY = 0x800C6613
_GET_POLICY = 0xC0096616
_ADD_KEY = 0xC0506617
_KEY_STATUS = 0xC080661A
_POLICY = struct.Struct("=5B3x16s")
_BY_IDENTIFIER = 2
_PAD_32 = 3
_MODES = {1: "AES-256-XTS", 4: "AES-256-CTS"}
_KEY_STATES = {1: "absent", 2: "present", 3: "incompletely removed"}


def identifier(key: bytes) -> str:
    """Return the name the kernel gives a key: 16 bytes of HKDF-SHA512, in hex. It is no secret."""
    extracted = hmac.new(bytes(64), key, hashlib.sha512).digest()
    return hmac.new(extracted, b"fscrypt\0\x01\x01", hashlib.sha512).digest()[:16].hex()


def add_key(mount: Path, key: bytes) -> str:
    """Give a mounted file system its key and return the key's identifier."""
    request = bytearray(struct.pack("=2I32s2I32x", _BY_IDENTIFIER, 0, b"", len(key), 0) + key)
    with _opened(mount) as directory:
        try:
            fcntl.ioctl(directory, _ADD_KEY, request)
        except OSError as error:
            raise HostError("the kernel refused the volume's key", str(mount), str(error)) from error
    return bytes(request[8:24]).hex()


def set_policy(directory: Path, key_identifier: str) -> None:
    """Have everything in an empty directory encrypted from now on."""
    policy = _POLICY.pack(2, 1, 4, _PAD_32, 0, bytes.fromhex(key_identifier))
    with _opened(directory) as opened:
        try:
            fcntl.ioctl(opened, _SET_POLICY, policy)
        except OSError as error:
            raise HostError("the directory can't be encrypted", str(directory), str(error)) from error


def policy_of(directory: Path) -> Policy | None:
    """Return a directory's policy, or None where nothing is encrypted."""
    answer = bytearray(struct.pack("=Q", _POLICY.size) + bytes(_POLICY.size))
    with _opened(directory) as opened:
        try:
            fcntl.ioctl(opened, _GET_POLICY, answer)
        except OSError as error:
            if error.errno in (errno.ENODATA, errno.ENOTTY, errno.EOPNOTSUPP):
                return None
            raise
    version, contents, names, _, _, key = _POLICY.unpack(answer[8:])
    return Policy(version, _MODES.get(contents, str(contents)), _MODES.get(names, str(names)), key.hex())


def key_state(mount: Path, key_identifier: str) -> str:
    """Say whether the file system has a key: absent, present or incompletely removed."""
    request = bytearray(struct.pack("=2I32s88x", _BY_IDENTIFIER, 0, bytes.fromhex(key_identifier)))
    with _opened(mount) as directory:
        fcntl.ioctl(directory, _KEY_STATUS, request)
    return _KEY_STATES.get(struct.unpack_from("=I", request, 64)[0], "unknown")


@contextlib.contextmanager
def _opened(directory: Path) -> Iterator[int]:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
