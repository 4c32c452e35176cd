"""The fields of an entry in systemd's Journal Export Format."""

from __future__ import annotations

import struct

from amanat_host.logs.entries import LENGTH_BYTES, NotTheFormat


def fields(raw: bytes) -> dict[str, bytes]:
    """Each field of an entry by its name, the first one of those of one name. Raises NotTheFormat.

    What begins with `_` is journald's own word; no sender can give a field such a name.
    """
    found: dict[str, bytes] = {}
    at = 0
    while (line := raw.find(b"\n", at)) > at:
        name, is_text, value = raw[at:line].partition(b"=")
        at = line + 1
        if not is_text:
            if len(raw) < at + LENGTH_BYTES:
                raise NotTheFormat("a field has no length")
            (length,) = struct.unpack_from("<Q", raw, at)
            value = raw[at + LENGTH_BYTES : at + LENGTH_BYTES + length]
            at += LENGTH_BYTES + length + 1
        found.setdefault(name.decode("ascii", "replace"), value)
    return found
