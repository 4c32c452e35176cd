"""Ed25519 signatures (RFC 8032) over a run's manifest; `openssl pkeyutl -verify -rawin` checks them too."""

import contextlib
import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from amanat.files import write_once
from amanat.errors import BadInput


class BadSigningKey(BadInput):
    """A file that should hold an Ed25519 key doesn't."""


def signing_key(path: Path) -> Ed25519PrivateKey:
    """Read the stack's evidence key, or make one (mode 0600) where there is none.

    Raises `BadSigningKey` for a file that is something else or that others can read.
    """
    try:
        if not path.exists():
            _make(path)
        return _read(path)
    except OSError as error:
        raise BadSigningKey(
            f"the evidence signing key can't be made or read: {error.strerror}",
            str(path),
            "Check its directory.",
        ) from error


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """The public half, as it lies beside each run."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public_key(path: Path) -> Ed25519PublicKey:
    """Read a public key, or the public half of a private one; raises `BadSigningKey`."""
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise BadSigningKey(
            f"can't read the key: {error.strerror}", str(path), "Give the run's public key."
        ) from error
    if b"PRIVATE KEY" in pem:
        return _private(pem, path).public_key()
    try:
        key = load_pem_public_key(pem)
    except ValueError as error:
        raise BadSigningKey(
            "not a public key in PEM form", str(path), "Give the stack's evidence key."
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadSigningKey("not an Ed25519 key", str(path), "Give the stack's evidence key.")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of the key's DER form: what to compare over another channel."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"sha256:{hashlib.sha256(der).hexdigest()}"


def fits(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is this key's over `message`."""
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _make(path: Path) -> None:
    """Make the key; of two audits that are the first, one's key is the stack's."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_once(path, pem.decode())


def _read(path: Path) -> Ed25519PrivateKey:
    if path.stat().st_mode & 0o077:
        raise BadSigningKey("others can read the evidence signing key", str(path), f"Run: chmod 600 {path}")
    return _private(path.read_bytes(), path)


def _private(pem: bytes, path: Path) -> Ed25519PrivateKey:
    advice = "Restore the stack's key, or move the file away: the next audit makes a new one."
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise BadSigningKey("not a private key in PEM form", str(path), advice) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadSigningKey("not an Ed25519 key", str(path), advice)
    return key
