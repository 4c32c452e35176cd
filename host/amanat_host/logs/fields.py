"""The fields of an entry in systemd's Journal Export Format."""

from __future__ import annotations

from amanat_host.logs.entries import LENGTH_BYTES, NotTheFormat, end_of_field


def fields(raw: bytes) -> dict[str, bytes]:
    """Each field of an entry by its name, the first one of those of one name. Raises NotTheFormat.

    What begins with `_` is journald's own word; no sender can give a field such a name.
    """
    found: dict[str, bytes] = {}
    at = 0
    while (line := raw.find(b"\n", at)) > at:
        end = end_of_field(raw, at)
        if end is None:
            raise NotTheFormat("a field has no end")
        name, is_text, value = raw[at:line].partition(b"=")
        found.setdefault(name.decode("ascii"), value if is_text else raw[line + 1 + LENGTH_BYTES : end - 1])
        at = end
    return found
