"""What is asked of a machine's journal: one line of text, and what comes back.

    follow CURSOR   entries from the one the cursor names on, and those to come, until the caller ends
    range CURSOR    the same, up to the last that is there
    ends            the first and the last entry, without most of their fields
    CURSOR          as systemd writes it, `s=NUMBERING;i=NUMBER` in hexadecimal alone, or `head`: the first there is

An answer that has an end ends with an entry whose cursor is `end` and whose number is the reader's exit status, so that
one that broke off is not taken for a whole one.
"""

from __future__ import annotations

import re

from amanat_host.errors import HostError

HEAD = "head"
END = "end"  # a cursor that no journal has
LONGEST_BYTES = 512
_CURSOR = r"head|s=[0-9a-f]{32};i=[0-9a-f]{1,16}(?:;[bmtx]=[0-9a-f]{1,32}){0,4}"
_REQUEST = re.compile(rf"(?:(follow|range) ({_CURSOR})|(ends))\n")
_READ = ("/usr/bin/journalctl", "--quiet", "--no-pager", "--all", "--output=export")


class UnknownRequest(HostError, ValueError):
    """The line is no request."""


def cursor(numbering: str, number: int) -> str:
    """A cursor that names an entry by its number, or the next one where that is gone."""
    return f"s={numbering};i={number:x}"


def commands(line: bytes) -> list[list[str]]:
    """The programs that answer a request, one after the other. Raises UnknownRequest."""
    found = _REQUEST.fullmatch(line.decode("ascii", "replace"))
    if not found:
        raise UnknownRequest("unknown request")
    verb, start, ends = found.groups()
    if ends:
        brief = [*_READ, "--output-fields=_BOOT_ID"]
        return [[*brief, "--lines=+1"], [*brief, "--lines=1"]]
    where = [] if start == HEAD else [f"--cursor={start}"]
    return [[*_READ, *where, *(("--follow", "--no-tail") if verb == "follow" else ())]]


def end(status: int) -> bytes:
    """What an answer ends with."""
    return (
        f"__CURSOR={END}\n__REALTIME_TIMESTAMP=0\n__MONOTONIC_TIMESTAMP=0\n__SEQNUM={status}\n"
        f"__SEQNUM_ID={'0' * 32}\n\n"
    ).encode()


def ends_by_itself(line: bytes) -> bool:
    """Whether the answer has an end."""
    return not line.startswith(b"follow ")
