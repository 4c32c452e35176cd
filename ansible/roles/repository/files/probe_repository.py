#!/usr/bin/python3 -B
"""Tell an auditor about the repository of backups, as JSON. Never changes it.

    probe-repository info     what pgBackRest says of it, and whom its server and its files let in
    probe-repository newest   the last segment of the log that is there, by timeline
    probe-repository draw     markers for an audit to record: random texts that nobody chose
    probe-repository look     whether a marker drawn lately lies in its files, yes or no, and how these begin
    probe-repository verify   whether a flipped byte would be noticed: on a scratch copy of one segment of the log

It looks for what it drew and reads nothing from the caller. Run by the account that owns the repository. Exit status:
0 told, 1 a problem (one message on standard error), 2 wrong usage.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from amanat_markers import draw, drawn
from amanat_pgbackrest import STANZA, Problem, pgbackrest, setting, stanza, stranger
from amanat_processes import run
from amanat_scratch import alone, scratch

ROOT = Path("/var/lib/amanat/repository")
SEGMENT = re.compile(r"^[0-9A-F]{24}-[0-9a-f]{40}(\.\w+)?$")
ENCRYPTED = b"Salted__"  # how OpenSSL marks what it encrypted by a passphrase
# How files begin that zstd, gzip, bzip2 and lz4 made.
COMPRESSED = (b"\x28\xb5\x2f\xfd", b"\x1f\x8b", b"BZh", b"\x04\x22\x4d\x18")
NAMED = 16
CHUNK = 8 << 20


def files() -> Iterator[Path]:
    """Every file of the repository, each once; one that vanishes meanwhile is passed over."""
    yield from (path for path in sorted(ROOT.rglob("*")) if path.is_file() and not path.is_symlink())


def newest() -> dict[str, str]:
    """The last segment of each timeline."""
    names = sorted(path.name[:24] for path in files() if SEGMENT.match(path.name))
    return {name[:8]: name for name in names}


def log(known: Mapping) -> dict[str, dict[str, object]]:
    """The present cluster's segments since the newest backup began: first, last and number, for each timeline."""
    since = max((one["archive"]["start"] for one in known["backup"]), default="")
    where = ROOT / "archive" / STANZA / (known["archive"][-1]["id"] if known["archive"] else "")
    names = sorted({path.name[:24] for path in where.glob("*/*") if SEGMENT.match(path.name)})
    lines: dict[str, list[str]] = {}
    for name in names:
        if name >= since:
            lines.setdefault(name[:8], []).append(name)
    if since:
        lines.setdefault(since[:8], [])
    return {
        line: {
            "min": since if line == since[:8] else found[0],
            "max": found[-1] if found else since,
            "count": len(found),
        }
        for line, found in lines.items()
    }


def reachable() -> dict[str, object]:
    """What of the repository the network's server may write, and whether the kernel filters what it calls.

    Raises `Problem` when no server runs.
    """
    asked = ["/usr/bin/systemctl", "show", "--property=MainPID", "--value", "pgbackrest.service"]
    server = run(asked, capture_output=True, text=True, check=True).stdout.strip()
    if server in ("", "0"):
        raise Problem("pgbackrest.service does not run")
    mounts = Path(f"/proc/{server}/mountinfo").read_text("utf-8").splitlines()
    status = Path(f"/proc/{server}/status").read_text("utf-8")
    # Later mounts lie over earlier ones (proc_pid_mountinfo(5)): the last one that holds a directory counts.
    options = {fields[4]: fields[5].split(",") for fields in (line.split() for line in mounts)}
    return {
        "writable": sorted(
            str(path.relative_to(ROOT))
            for path in (ROOT, *ROOT.glob("*"))
            if "rw" in options[next(str(one) for one in (path, *path.parents) if str(one) in options)]
        ),
        "filtered": "Seccomp:\t2" in status,
    }


def info() -> dict[str, object]:
    """What it holds, and whom it lets in."""
    known = stanza()
    return {
        "stanza": known,
        "log": log(known),
        "full_backups_kept": int(setting("expire", "repo-retention-full") or 0),
        "clients": setting("server", "tls-server-auth").split(", "),
        "stranger": stranger("vault"),
        "server": reachable(),
        "mode": f"{ROOT.stat().st_mode & 0o7777:04o}",
        "owner": ROOT.owner(),
        "open_files": [str(path.relative_to(ROOT)) for path in files() if path.stat().st_mode & 0o007][
            :NAMED
        ],
    }


def clear(path: Path, first: bytes) -> bool:
    """Whether a file doesn't begin as an encrypted one.

    A bundle of files, and one of changed blocks (.pgbi), is encrypted piece by piece behind no mark: there it counts
    as clear when it begins as what can be read does.
    """
    if first.startswith(ENCRYPTED):
        return False
    if "bundle" in path.parts or path.suffix == ".pgbi":
        return first.startswith(COMPRESSED) or first[:64].isascii()
    return True


def look(markers: Sequence[bytes]) -> dict[str, object]:
    """Search every file as it lies on the disk."""
    found = dict.fromkeys(markers, False)
    longest = max(map(len, markers))
    number, searched, readable = 0, 0, []
    for path in files():
        with open(path, "rb", buffering=0) as opened:
            tail, chunk = b"", opened.read(CHUNK)
            number += 1
            if clear(path, chunk):
                readable.append(str(path.relative_to(ROOT)))
            while chunk:
                searched += len(chunk)
                for one in markers:
                    found[one] = found[one] or one in tail + chunk
                tail, chunk = (tail + chunk)[-longest:], opened.read(CHUNK)
    return {
        "files": number,
        "searched_bytes": searched,
        "not_encrypted": readable[:NAMED],
        "markers": {one.decode(): there for one, there in found.items()},
    }


def copied(place: Path) -> Path:
    """A repository that holds the newest segment of the log and nothing else; returns that segment's copy."""
    segments = sorted((path for path in files() if SEGMENT.match(path.name)), key=lambda path: path.name)
    if not segments:
        raise Problem("there is no segment of the log in the repository")
    wanted = [
        segments[-1],
        *ROOT.glob(f"archive/{STANZA}/archive.info*"),
        *ROOT.glob(f"backup/{STANZA}/backup.info*"),
    ]
    for path in wanted:
        copy = place / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return place / segments[-1].relative_to(ROOT)


def judged(place: Path) -> dict[str, object]:
    """What pgBackRest's own verification says of a scratch repository."""
    told = pgbackrest(f"--stanza={STANZA}", f"--repo1-path={place}", "--output=text", "--verbose", "verify")
    status, counts = (
        re.search(r"status: (\w+)", told),
        re.search(r"checked: (\d+), total valid WAL: (\d+)", told),
    )
    if not status or not counts:
        raise Problem(f"pgbackrest verify says something else: {told.strip()}")
    return {"status": status[1], "checked": int(counts[1]), "valid": int(counts[2])}


def flip(path: Path) -> None:
    """Turn one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def verify() -> dict[str, object]:
    """Judge a copy as it is, then with one bit turned."""
    with scratch("verify", Path("/var/tmp")) as directory:  # noqa: S108 - made 0700
        segment = copied(directory)
        untouched = judged(directory)
        flip(segment)
        try:
            flipped = judged(directory)
        except Problem:  # it may stop at what it can't even unpack; the untouched copy it could
            flipped = {"status": "error", "checked": 0, "valid": 0}
        return {"segment": segment.name, "untouched": untouched, "flipped": flipped}


def main() -> int:
    """Print what was asked for and return the exit status."""
    try:
        if sys.argv[1:] == ["info"]:
            told = info()
        elif sys.argv[1:] == ["newest"]:
            told = newest()
        elif sys.argv[1:] == ["draw"]:
            told = {"markers": draw()}
        elif sys.argv[1:] == ["look"]:
            with alone("probe-repository"):
                told = look(drawn())
        elif sys.argv[1:] == ["verify"]:
            told = verify()
        else:
            sys.stderr.write(__doc__ or "")
            return 2
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    except (Problem, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
