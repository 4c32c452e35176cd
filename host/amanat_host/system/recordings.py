"""Compares sudo's recordings of sessions with what the journal tells of them."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import stat
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from amanat_host.answers.system import Recording, Recordings
from amanat_host.system.journal import Line, complete_since, lines
from amanat_host.system.journal import read as journal
from amanat_host.times import utc

RECORDS = Path("/var/log/sudo-io")  # an account's sessions below its name: 00/00/01 is number 000001
# Of a command that is recorded; what the command itself is called comes behind the number.
TOLD = re.compile(r"\s*(?P<account>\S+) : .*?TSID=(?P<number>[0-9A-Z]{6}) ; ")
CLOSED = "pam_unix(sudo:session): session closed for user "
AUDITOR = "auditor"
PACKED = b"\x1f\x8b"
BLOCK_BYTES = 1 << 20
NEAR_SECONDS = 5  # between what the journal and a recording say of its beginning
SETTLING_SECONDS = 2  # a session's line and its directory come one after the other
# The first field of an event of `timing`, and the file that has the event's bytes (sudo's iolog.h).
STREAMS = {"0": "stdin", "1": "stdout", "2": "stderr", "3": "ttyin", "4": "ttyout"}
TIMING = "timing"
NOTES = ("log", "log.json", TIMING)  # every recording has these


@dataclass(frozen=True)
class Session:
    """What the journal tells of a recorded session: when it began and, where it ended in order, when it ended."""

    began: float
    ended: float | None


def read(records: Path = RECORDS) -> Recordings:
    """What is missing, untold or damaged. Raises `OSError` or `subprocess.CalledProcessError`."""
    complete, asked, before = complete_since(journal()), time.time(), listed(records)
    told = sessions(list(lines("sudo")))
    wait_until_settled(told)
    now, there = time.time(), listed(records)
    faults = [
        one for name, of_name in sorted(told.items()) if (one := fault(records, name, of_name, there, now))
    ]
    faults += [
        Recording(name, utc(began), "is told by no line of the journal")
        for name, began in sorted(before.items())
        if name not in told and name in there and began > complete + NEAR_SECONDS and settled(began, asked)
    ]
    return Recordings(faults)


def fault(
    records: Path, name: str, told: Sequence[Session], there: Mapping[str, float], now: float
) -> Recording | None:
    """What is wrong with the recording of a number, which the journal may tell of more than once."""
    first = told[0]
    if name not in there:
        return Recording(name, utc(first.began), "is gone") if settled(first.began, now) else None
    recorded = [one for one in told if abs(there[name] - one.began) <= NEAR_SECONDS]
    if not recorded:
        return Recording(name, utc(first.began), "is of another session than the journal tells")
    # What the auditor may do is known word for word; recordings that were put back lie over its later ones.
    until = recorded[0].began if name.startswith(f"{AUDITOR}/") else now
    lost = [one for one in told if one not in recorded and one.began < until and settled(one.began, now)]
    if lost:
        return Recording(name, utc(lost[0].began), "was recorded over")
    what = damage(records / place(name), recorded[-1])
    return Recording(name, utc(recorded[-1].began), what) if what else None


def wait_until_settled(told: Mapping[str, Sequence[Session]]) -> None:
    """Wait until people's sessions have settled; the auditor's own one that asks is never old enough."""
    began = [
        one.began for name, of_name in told.items() for one in of_name if not name.startswith(f"{AUDITOR}/")
    ]
    wait_seconds = max(began, default=0.0) + SETTLING_SECONDS - time.time()
    time.sleep(min(max(wait_seconds, 0.0), SETTLING_SECONDS))


def settled(began: float, now: float) -> bool:
    """Whether all that belongs to a session's beginning has come."""
    return now - began >= SETTLING_SECONDS


def listed(records: Path) -> dict[str, float]:
    """account/number of each recording, and when it began."""
    found = {}
    for path in records.glob("*/??/??/??"):
        account, *number = path.relative_to(records).parts
        try:
            found[f"{account}/{''.join(number)}"] = began_at(path)
        except FileNotFoundError:
            continue
    return found


def began_at(path: Path) -> float:
    """When a recording began: by what it says itself, or else by its files."""
    try:
        with opened(path / "log") as log:
            return float(log.readline().partition(b":")[0])
    except (OSError, ValueError):
        return path.stat().st_mtime


def place(name: str) -> str:
    """The directory of a recording below that of all."""
    account, _, number = name.partition("/")
    return f"{account}/{number[:2]}/{number[2:4]}/{number[4:]}"


def sessions(told: list[Line]) -> dict[str, list[Session]]:
    """account/number -> its sessions, by sudo's lines, oldest first."""
    open_ones: dict[tuple[str, str], str] = {}
    found: dict[str, list[Session]] = {}
    for line in told:
        process = (line.boot, line.process)
        if match := TOLD.match(line.message):
            name = f"{match['account']}/{match['number']}"
            open_ones[process] = name
            found.setdefault(name, []).append(Session(line.at, None))
        elif line.message.startswith(CLOSED) and (ended := open_ones.pop(process, None)):
            found[ended][-1] = Session(found[ended][-1].began, line.at)
    return found


def damage(path: Path, session: Session) -> str:
    """What is wrong with a recording; "" for nothing, and for a session that goes on or was cut off."""
    if session.ended is None:
        return ""
    try:
        if missing := [name for name in NOTES if not (path / name).is_file()]:
            return f"has no {missing[0]}"
        if newest(path) > session.ended + SETTLING_SECONDS:
            return "was changed after its session ended"
        recorded = {name: length(path / name) for name in STREAMS.values() if (path / name).exists()}
        with unpacked(path / TIMING) as timing:
            noted = sizes(timing)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        return f"can't be read: {type(error).__name__}"
    differing = [name for name in STREAMS.values() if recorded.get(name, 0) != noted.get(name, 0)]
    return f"{differing[0]} is not as long as it was recorded" if differing else ""


def newest(path: Path) -> float:
    """When anything of a recording was last written."""
    return max(file.stat().st_mtime for file in path.iterdir())


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A regular file. It doesn't count as use, by which systemd-tmpfiles would keep it longer."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOATIME)
    with open(handle, "rb") as file:  # noqa: PTH123 - a handle
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError("this is no regular file")
        yield file


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO | gzip.GzipFile]:
    """What was recorded in a file, which sudo has compressed.

    Raises `EOFError` for one that was cut off: even an empty stream has a header.
    """
    with opened(path) as file:
        begins = file.read(len(PACKED))
        if not begins:
            raise EOFError
        file.seek(0)
        if begins == PACKED:
            with gzip.open(file) as stream:
                yield stream
        else:
            yield file


def length(path: Path) -> int:
    """How many bytes were recorded in a file; a session may have printed more than fits into memory."""
    with unpacked(path) as stream:
        return sum(len(block) for block in iter(lambda: stream.read(BLOCK_BYTES), b""))


def sizes(timing: Iterable[bytes]) -> Mapping[str, int]:
    """File -> the bytes that the events of a recording, a line each, put into it."""
    found: dict[str, int] = {}
    for event, count in _events(timing):
        found[event] = found.get(event, 0) + count
    return found


def _events(timing: Iterable[bytes]) -> Iterator[tuple[str, int]]:
    """The file and the bytes of each event that has any. Raises `ValueError` for a line that is none."""
    for line in timing:
        kind, _, rest = line.decode("ascii").split(" ", 2)
        if kind in STREAMS:
            yield STREAMS[kind], int(rest)
