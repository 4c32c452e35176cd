"""Tells what kind of secret a file holds, by its form: keys, passwords and their verifiers, also inside other files.

What it can't see: a secret without a form (a password alone on a line), what is encrypted, what is wrapped in more than
an archive, a compression and base64 or hexadecimal digits, what stands behind the first MiB of a file.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator

LONGEST_BYTES = 1 << 20  # looked at, of a file or of what is unpacked from one
MOST_MEMBERS = 50  # of a zip file
DEEPEST = 2
RAW_KEY_BYTES = (32, 64)  # what fscrypt, LUKS and other ciphers take
ENCRYPTED = b"Salted__"  # by OpenSSL's form: short files of pgBackRest's repository are as long as a key
START_BYTES = 64  # by which text is known
TEXT = frozenset((*b"\t\n\r", *range(0x20, 0x7F)))
COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x5d\x00\x00", b"PK\x03\x04")

# Kind -> (words of which one must be there, in small letters; the form). Words are found quicker than forms.
FORMS: dict[str, tuple[tuple[bytes, ...], re.Pattern[bytes]]] = {
    "private key": (
        (b"private key", b"openssh-key-v1", b"putty-user-key", b"private-key"),
        re.compile(
            rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|openssh-key-v1\0|PuTTY-User-Key-File-\d"
            rb"|\(\d+:(?:protected-|shadowed-)?private-key|^Key: \((?:protected-)?private-key",
            re.M,
        ),
    ),
    "age key": ((b"age-",), re.compile(rb"AGE-(?:SECRET-KEY|PLUGIN-[A-Z0-9]+)-1[A-Z0-9]")),
    "JSON web key": ((b'"kty"',), re.compile(rb'"(?:d|k)"\s*:\s*"[A-Za-z0-9_-]{16,}"')),
    "password verifiers": (
        (b":$", b":{", b"scram-sha"),
        re.compile(
            rb"^[\w.@-]{1,64}:(?:\$(?:1|2[abxy]|5|6|7|y|gy|apr1|sha1|argon2\w*)\$|\{(?:SHA|SSHA\w*|CRYPT)\})[^\s:]{8}"
            rb"|SCRAM-SHA-(?:1|256)\$\d+:[A-Za-z0-9+/=]{8}",
            re.M,
        ),
    ),
    "PostgreSQL password file": (
        (b":",),
        re.compile(rb"^[\w.*/-]+:(?:\d{1,5}|\*):[^:\s]+:[^:\s]+:(?:\\.|[^:\\\s])+$", re.M),
    ),
    "password setting": (
        (b"pass", b"secret", b"api"),
        re.compile(
            rb"^[ \t]*(?:export[ \t]+)?[\w.-]*(?:cipher-pass|passw(?:or)?d|passphrase|secret[_-]?key|api[_-]?key)"
            rb"[ \t]*[=:][ \t]*['\"]?[^\s'\"$<{%(*\[#][^\s'\"(]{7,}",
            re.M | re.I,
        ),
    ),
}
BINARY = {
    # DER: PKCS #1, PKCS #8, SEC 1, PKCS #12.
    "private key": re.compile(
        rb"\x30\x82..\x02\x01\x00\x02\x82|\x30(?:\x82..|\x81.|.)\x02\x01\x00\x30[\x05-\x1f]\x06"
        rb"|\x30(?:\x81.|.)\x02\x01\x01\x04[\x20\x30\x42]|\x30\x82..\x02\x01\x03\x30",
        re.S,
    ),
    # RFC 9580: packets 5 and 7 of the old and the new form, then version, time and algorithm.
    "OpenPGP secret key": re.compile(
        rb"(?:[\x94\x9c].|[\x95\x9d]..|[\xc5\xc7](?:[\x00-\xbf]|[\xc0-\xdf].))[\x04\x06].{4}[\x01-\x03\x10-\x1c]",
        re.S,
    ),
    "LUKS header": re.compile(rb"(?:LUKS|SKUL)\xba\xbe"),
}
MARKERS = (b"PRIVATE KEY", b"openssh-key-v1\0", b"AGE-SECRET-KEY-1")
PACKED = re.compile(rb"H4sI[A-Za-z0-9+/\r\n]{40,}={0,2}")  # base64 of gzip


def base64_forms(marker: bytes) -> tuple[bytes, ...]:
    """How a text stands in base64, by where in a group of three bytes it begins; what its neighbours touch, cut off."""
    padded = (base64.b64encode(b"\0" * before + marker) for before in range(3))
    starts = (0, 2, 3)
    return tuple(
        text[start:].rstrip(b"=")[: -1 if text.endswith(b"=") else None]
        for text, start in zip(padded, starts, strict=True)
    )


IN_BASE64 = tuple(form for marker in MARKERS for form in base64_forms(marker))
IN_HEX = tuple(marker.hex().encode() for marker in MARKERS)


def may_be_secret(content: bytes) -> bool:
    """Whether what begins with `content` can be a secret as a whole: text, or what something is packed in.

    Pages of a database and what is encrypted are neither; what users wrote stands somewhere in them.
    """
    start = content[:START_BYTES]
    is_text = all(byte in TEXT for byte in start)
    return is_text or start.startswith((*COMPRESSED, b"0\x82", b"LUKS")) or len(content) in RAW_KEY_BYTES


def kinds(content: bytes) -> list[str]:
    """The kinds of secrets in a file that begins with `content`, by name; with what they are wrapped in."""
    return sorted({*_kinds(content[:LONGEST_BYTES], DEEPEST), *_raw(content)})


def _raw(content: bytes) -> Iterator[str]:
    mixed = len(set(content)) > len(content) // 2 and not content.isascii()
    if len(content) in RAW_KEY_BYTES and mixed and not content.startswith((*COMPRESSED, ENCRYPTED)):
        yield "raw key"


def _kinds(content: bytes, depth: int) -> Iterator[str]:
    small = content.lower()
    for kind, (words, form) in FORMS.items():
        if any(word in small for word in words) and form.search(content):
            yield kind
    for kind, form in BINARY.items():
        if form.match(content):
            yield kind
    joined = content.translate(None, b" \t\r\n")
    if any(form in joined for form in IN_BASE64) and b"-----BEGIN OPENSSH PRIVATE" not in content:
        yield "private key in base64"
    if any(form in joined.lower() for form in IN_HEX):
        yield "private key in hexadecimal digits"
    if depth:
        for wrapping, inner in _unwrapped(content):
            for kind in _kinds(inner, depth - 1):
                yield f"{kind} in {wrapping}"


def _unwrapped(content: bytes) -> Iterator[tuple[str, bytes]]:
    """What is inside, with the name of the wrapping. A tar file is no wrapping: what is in it stands there as it is."""
    if content.startswith(b"\x1f\x8b"):
        yield "gzip", _decompressed(zlib.decompressobj(wbits=31), content)
    elif content.startswith(b"BZh"):
        yield "bzip2", _decompressed(bz2.BZ2Decompressor(), content)
    elif content.startswith((b"\xfd7zXZ", b"\x5d\x00\x00")):
        yield "xz", _decompressed(lzma.LZMADecompressor(), content)
    elif content.startswith(b"PK\x03\x04"):
        for inner in _zipped(content):
            yield "zip", inner
    else:
        for run in PACKED.findall(content):
            text = re.sub(rb"\s", b"", run).rstrip(b"=")
            yield "base64", _decoded(text[: len(text) // 4 * 4])


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return b""


def _decompressed(
    decompressor: zlib._Decompress | bz2.BZ2Decompressor | lzma.LZMADecompressor, content: bytes
) -> bytes:
    try:
        return decompressor.decompress(content, LONGEST_BYTES)
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError):
        return b""


def _zipped(content: bytes) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist()[:MOST_MEMBERS]:
                with archive.open(member) as file:
                    yield file.read(LONGEST_BYTES)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, ValueError, zlib.error):
        return
