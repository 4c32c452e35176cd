"""Tell an auditor about the repository of backups, as JSON. Never changes it.

    probe-repository info     what pgBackRest says of it, and whom its server and its files let in
    probe-repository newest   the last segment of the WAL that is there, by timeline, and when segments arrived lately
    probe-repository draw     markers for an audit to record: random texts that nobody chose
    probe-repository look     whether a marker drawn lately lies in its files, yes or no, and how these begin
    probe-repository verify   whether a flipped bit would be noticed: on a scratch copy of one segment of the log

It looks for what it drew, and for a readable text that it lays in its own way, and reads nothing from the caller. Run
by the account that owns the repository.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from amanat_host import processes
from amanat_host.answers import backups as answers
from amanat_host.answers.archive import Drawn
from amanat_host.corruption import flip_bit
from amanat_host.entry import probe
from amanat_host.errors import HostError
from amanat_host.markers import draw, drawn, planted
from amanat_host.pgbackrest.commands import STANZA, pgbackrest, setting, stanza, unauthorized_host
from amanat_host.scratch import alone, scratch
from amanat_host.state.syntax import mount_line

ROOT = Path("/var/lib/amanat/repository")
SEGMENT = re.compile(r"^[0-9A-F]{24}-[0-9a-f]{40}(\.\w+)?$")
ENCRYPTED = b"Salted__"  # how OpenSSL marks what it encrypted by a passphrase
# How files begin that zstd, gzip, bzip2 and lz4 made.
COMPRESSED = (b"\x28\xb5\x2f\xfd", b"\x1f\x8b", b"BZh", b"\x04\x22\x4d\x18")
NAMED = 16
LATELY_SECONDS = 3600
CHUNK = 8 << 20


def files() -> Iterator[Path]:
    """Every file of the repository, each once; one that vanishes meanwhile is passed over."""
    yield from (path for path in sorted(ROOT.rglob("*")) if path.is_file() and not path.is_symlink())


def newest() -> answers.NewestSegments:
    """The last segment of each timeline, and when those of the last hour arrived."""
    segments = sorted((path for path in files() if SEGMENT.match(path.name)), key=lambda path: path.name)
    arrived = {path.name[:24]: path.stat().st_mtime for path in segments}
    return answers.NewestSegments(
        segments={name[:8]: name for name in arrived},
        arrived_at={name: at for name, at in arrived.items() if time.time() - at < LATELY_SECONDS},
    )


def wal(known: Mapping[str, Any]) -> dict[str, answers.WalRange]:
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
        line: answers.WalRange(
            min=since if line == since[:8] else found[0],
            max=found[-1] if found else since,
            count=len(found),
        )
        for line, found in lines.items()
    }


def reachable() -> answers.RepositoryServer:
    """What of the repository the network's server may write, and whether the kernel filters what it calls.

    Raises `HostError` when no server runs.
    """
    asked = ["/usr/bin/systemctl", "show", "--property=MainPID", "--value", "pgbackrest.service"]
    server = processes.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    if server in ("", "0"):
        raise HostError("pgbackrest.service does not run")
    mounts = Path(f"/proc/{server}/mountinfo").read_text("utf-8").splitlines()
    status = Path(f"/proc/{server}/status").read_text("utf-8")
    # Later mounts lie over earlier ones (proc_pid_mountinfo(5)): the last one that holds a directory counts.
    options = {mount.target: mount.options.split(",") for mount in map(mount_line, mounts)}
    return answers.RepositoryServer(
        writable=sorted(
            str(path.relative_to(ROOT))
            for path in (ROOT, *ROOT.glob("*"))
            if "rw" in options[next(str(one) for one in (path, *path.parents) if str(one) in options)]
        ),
        filtered="Seccomp:\t2" in status,
    )


def info() -> answers.Repository:
    """What it holds, and whom it lets in."""
    known = stanza()
    return answers.Repository(
        stanza=known,
        wal=wal(known),
        full_backups_kept=int(setting("expire", "repo-retention-full") or 0),
        clients=setting("server", "tls-server-auth").split(", "),
        unauthorized_host=unauthorized_host("vault"),
        server=reachable(),
        mode=f"{ROOT.stat().st_mode & 0o7777:04o}",
        owner=ROOT.owner(),
        open_files=[str(path.relative_to(ROOT)) for path in files() if path.stat().st_mode & 0o007][:NAMED],
    )


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


def searched(markers: Sequence[bytes]) -> answers.MarkersInRepository:
    """Search every file as it lies on the disk; one among them holds a readable text."""
    with planted(ROOT, "plain") as (file, plain):
        return among(markers, file, plain)


def among(markers: Sequence[bytes], file: Path, plain: bytes) -> answers.MarkersInRepository:
    """What a search finds that is to find `plain` in `file`, too; of the other files alone it tells."""
    found = dict.fromkeys([*markers, plain], False)
    longest = max(map(len, found))
    number, size, readable = 0, 0, []
    for path in files():
        with open(path, "rb", buffering=0) as opened:
            tail, chunk = b"", opened.read(CHUNK)
            number += 1
            if clear(path, chunk):
                readable.append(path)
            while chunk:
                size += len(chunk) if path != file else 0
                for one in found:
                    found[one] = found[one] or one in tail + chunk
                tail, chunk = (tail + chunk)[-longest:], opened.read(CHUNK)
    told = file in readable
    return answers.MarkersInRepository(
        files=number - told,
        searched_bytes=size,
        not_encrypted=[str(path.relative_to(ROOT)) for path in readable if path != file][:NAMED],
        planted=answers.PlantedInRepository(found[plain], told),
        markers={marker.decode(): found[marker] for marker in markers},
    )


def copied(place: Path) -> Path:
    """A repository that holds the newest segment of the WAL and nothing else; returns that segment's copy."""
    segments = sorted((path for path in files() if SEGMENT.match(path.name)), key=lambda path: path.name)
    if not segments:
        raise HostError("there is no segment of the log in the repository")
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


def judged(place: Path) -> answers.Verification:
    """What pgBackRest's own verification says of a scratch repository."""
    told = pgbackrest(f"--stanza={STANZA}", f"--repo1-path={place}", "--output=text", "--verbose", "verify")
    status, counts = (
        re.search(r"status: (\w+)", told),
        re.search(r"checked: (\d+), total valid WAL: (\d+)", told),
    )
    if not status or not counts:
        raise HostError("pgbackrest verify says something else than a status and counts")
    return answers.Verification(status[1], int(counts[1]), int(counts[2]))


def verify() -> answers.FlippedBit:
    """Judge a copy as it is, then with one bit flipped."""
    with scratch("verify", Path("/var/tmp")) as directory:  # noqa: S108 - made 0700
        segment = copied(directory)
        untouched = judged(directory)
        flip_bit(segment)
        try:
            flipped = judged(directory)
        except HostError:  # it may stop at what it can't even unpack; the untouched copy it could
            flipped = answers.Verification("error", checked=0, valid=0)
        return answers.FlippedBit(segment.name, untouched, flipped)


def look() -> answers.MarkersInRepository:
    """Look for the markers drawn lately, one run at a time."""
    with alone("probe-repository"):
        return searched(drawn())


main = probe(
    __doc__,
    {"info": info, "newest": newest, "draw": lambda: Drawn(draw()), "look": look, "verify": verify},
    long_seconds={"look": 500},
)
