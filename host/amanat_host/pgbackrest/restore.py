"""Put a backup in the place of the cluster, replay the archived WAL up to a time, and verify what came back.

PostgreSQL is stopped for it. Log of the backups' own cluster that has not left the host is not thrown away:
restoring is refused then, unless no cluster is named. Prints one JSON object: the head of the restored chain, how
many records it holds, what the verifier found first, and how long each step took. Run by root; where it fails, it is
run again once that is mended.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from amanat_host import processes
from amanat_host.entry import print_json, program
from amanat_host.errors import HostError
from amanat_host.pgbackrest.commands import STANZA
from amanat_host.postgresql import BIN
from amanat_host.scratch import alone, own_place, scratch

UNIT = "postgresql@17-main.service"
AS_POSTGRES = ("/usr/sbin/runuser", "--user", "postgres", "--")
TOO_EARLY = "recovery ended before configured recovery target was reached"
STATE = """
SELECT json_build_object(
    'seq', h.seq, 'hash', h.hash, 'sealed_at', h.sealed_at, 'records', h.records,
    'timeline', (SELECT timeline_id FROM pg_control_checkpoint()),
    'bytes', pg_database_size('archive'),
    'fault', (SELECT row_to_json(v) FROM archive.verify() AS v LIMIT 1))
FROM archive.heads() AS h
"""


def run(*command: str) -> str:
    """Run a command and return its output. Raises `HostError` with what it said last."""
    ran = processes.run(command, capture_output=True, text=True)
    if ran.returncode != 0:
        said = (ran.stderr.strip() or ran.stdout.strip()).splitlines()[-3:]
        raise HostError(f"{' '.join(command[-3:])} ended with {ran.returncode}: {' '.join(said)}")
    return str(ran.stdout)


def ask(query: str) -> str:
    """One value from the restored database. Raises `HostError`."""
    psql = ("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--dbname=archive")
    return run(*AS_POSTGRES, *psql, f"--command={query}").strip()


def in_milliseconds(moment: str) -> str:
    """A time as pgBackRest reads it, rounded up, so that what was committed at that very moment is in."""
    upwards = datetime.fromisoformat(moment).astimezone(UTC) + timedelta(microseconds=999)
    return upwards.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "+00"


def control(data: Path) -> dict[str, str]:
    """What the cluster's control file says, by name (pg_controldata(1)); nothing where there is no cluster."""
    command = (*AS_POSTGRES, f"{BIN}/pg_controldata", str(data))
    ran = processes.run(command, capture_output=True, text=True, env={"LC_ALL": "C"})
    return {
        name: value.strip() for name, _, value in (line.partition(":") for line in ran.stdout.splitlines())
    }


def refuse_to_lose(data: Path, cluster: str) -> None:
    """Raise `HostError` when WAL of the cluster that the backups are of (its system identifier) has not left yet."""
    waiting = sorted(path.stem for path in (data / "pg_wal/archive_status").glob("*.ready"))
    if waiting and control(data).get("Database system identifier") == cluster:
        raise HostError(
            f"{len(waiting)} segments of WAL have not left for the vault, the first is {waiting[0]}: what they hold "
            "would be lost. Have the vault take them (`systemctl status amanat-backup.service` there), or give "
            "--lose-unsent"
        )


def has_newer_timeline(data: Path) -> bool:
    """Whether the repository knows of a timeline after the one that was just replayed."""
    newer = int(control(data).get("Latest checkpoint's TimeLineID", "0")) + 1
    with scratch("history", own_place()) as directory:
        shutil.chown(directory, "postgres")
        get = (
            "pgbackrest",
            f"--stanza={STANZA}",
            "archive-get",
            f"{newer:08X}.history",
            f"{directory}/history",
        )
        return processes.run((*AS_POSTGRES, *get), capture_output=True).returncode == 0


def fetch(target: str, timeline: str = "") -> None:
    """Let pgBackRest make the data directory that of a backup, with the way to replay the WAL. Raises `HostError`."""
    way = ["--type=default"]
    if target:
        way = ["--type=time", f"--target={in_milliseconds(target)}", "--target-action=promote"]
        way.append(f"--target-timeline={timeline}")
    run(*AS_POSTGRES, "pgbackrest", f"--stanza={STANZA}", "--delta", *way, "restore")


def end_of_log() -> str:
    """Where the journal ends now, as a cursor: a time would let in what an earlier start said in that second."""
    return run("journalctl", "--quiet", "--lines=0", "--show-cursor").strip().removeprefix("-- cursor: ")


def said_after(cursor: str) -> str:
    """What PostgreSQL has logged since the journal ended there."""
    return run("journalctl", "--quiet", "--output=cat", "--identifier=postgresql", f"--after-cursor={cursor}")


def replay(seconds: float) -> bool:
    """Start PostgreSQL and wait until it has replayed the WAL and takes writes.

    Returns False when the WAL ends before the time that was asked for. Raises `HostError` when it takes longer than
    `seconds`, or the service gives up.
    """
    began = end_of_log()
    processes.run(("systemctl", "reset-failed", UNIT), capture_output=True)
    run("systemctl", "start", "--no-block", UNIT)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if ask("SELECT pg_is_in_recovery()") == "f":
                return True
        except HostError:
            if TOO_EARLY in said_after(began):
                return False
            state = run("systemctl", "show", "--property=ActiveState", "--value", UNIT).strip()
            if state == "failed":
                raise HostError(f"PostgreSQL doesn't start: {said_after(began).splitlines()[-3:]}") from None
        time.sleep(0.25)
    raise HostError(f"PostgreSQL has not replayed the WAL within {seconds:.0f} s; it goes on, see its log")


def forget_recovery(data: Path) -> None:
    """What told PostgreSQL how to recover is of no use any more, and would surprise whoever reads it."""
    settings = data / "postgresql.auto.conf"
    lines = [
        line
        for line in settings.read_text().splitlines()
        if line.startswith("#") and "pgBackRest" not in line
    ]
    settings.write_text("\n".join(lines) + "\n")
    ask("SELECT pg_reload_conf()")  # the unit may still be starting, and takes no reload then


def timed(steps: dict[str, float], name: str, step: Callable[[], object]) -> object:
    """Do a step and note how long it took, in seconds."""
    began = time.monotonic()
    done = step()
    steps[name] = round(time.monotonic() - began, 2)
    return done


def go_back(steps: dict[str, float], target: str, data: Path, seconds: float) -> bool:
    """Replay up to the time; gives False where no WAL goes as far. Raises `HostError`.

    The newest backup before the time lies on the timeline that was the store's then, unless an earlier restore began a
    new one after that backup; PostgreSQL by itself would follow the newest, and leave out what that restore left out.
    """
    timed(steps, "fetched", lambda: fetch(target, "current"))
    if timed(steps, "replayed", lambda: replay(seconds)):
        return True
    run("systemctl", "stop", UNIT)
    if not has_newer_timeline(data):
        return False
    timed(steps, "fetched_newer", lambda: fetch(target, "latest"))
    reached = bool(timed(steps, "replayed_newer", lambda: replay(seconds)))
    if not reached:
        run("systemctl", "stop", UNIT)
    return reached


def go_to_the_end(steps: dict[str, float], seconds: float) -> None:
    """Replay all the WAL there is. Raises `HostError`."""
    timed(steps, "fetched_all", lambda: fetch(""))
    if not timed(steps, "replayed_all", lambda: replay(seconds)):
        raise HostError("PostgreSQL stops before the end of the WAL, though it was given no time to stop at")


def stop(data: Path, cluster: str) -> None:
    """Stop PostgreSQL for good. Raises `HostError` and starts it again when WAL would be lost."""
    run("systemctl", "stop", UNIT)
    try:
        if cluster:
            refuse_to_lose(data, cluster)
    except HostError:
        run("systemctl", "start", "--no-block", UNIT)
        raise


def restore(target: str, data: Path, seconds: float, cluster: str = "") -> dict[str, object]:
    """Do it all. Raises `HostError`."""
    steps: dict[str, float] = {}
    stop(data, cluster)
    reached = bool(target) and go_back(steps, target, data, seconds)
    if not reached:
        # No WAL holds anything after that time: the end is the state of that time.
        go_to_the_end(steps, seconds)
    forget_recovery(data)
    state = json.loads(str(timed(steps, "verified", lambda: ask(STATE))))
    return {**state, "target_reached": reached or not target, "steps_seconds": steps}


@program
def main() -> None:
    """Restore and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--target-time", default="", help="ISO 8601 with a zone; empty: all that was archived"
    )
    parser.add_argument(
        "--cluster", default="", help="system identifier of the backups' cluster, whose WAL must not be lost"
    )
    parser.add_argument("--data", type=Path, required=True, help="the cluster's directory")
    parser.add_argument("--seconds", type=float, default=6 * 3600, help="the longest the replay may take")
    given = parser.parse_args()
    with alone("restore", seconds=0):
        done = restore(given.target_time, given.data, given.seconds, given.cluster)
    print_json(done)
    if done["fault"]:
        raise HostError(f"the restored archive doesn't verify: {done['fault']}")
