"""Leave a copy of the host's files with the append-only server; the unit amanat-copy.service runs it.

Makes the repository where there is none. A copy that misses a file counts as failed: it is tried once more, since
files that come and go meanwhile are no fault.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from amanat_host.entry import failed, program
from amanat_host.errors import Exit, HostError
from amanat_host.restic.client import INCOMPLETE, NO_REPOSITORY, Restic, Settings
from amanat_host.scratch import scratch

TRIES = 2
REACHED_SECONDS = 120  # restic itself goes on trying for a quarter of an hour


def backup(restic: Restic, settings: Settings) -> dict[str, object]:
    """Make one copy; returns restic's own summary of it."""
    paths = [path for path in settings.paths if os.path.exists(path)]
    left_out = [f"--exclude={pattern}" for pattern in settings.left_out]
    command = ["backup", "--json", "--one-file-system", f"--host={settings.host}", *left_out, "--", *paths]
    for _ in range(TRIES):
        done = restic.run(*command, accepted=(0, INCOMPLETE))
        if done.returncode == 0:
            break
    else:
        raise HostError(f"the copy is not complete: {restic.without_login(done)}")
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    summary: dict[str, object] = next(line for line in lines if line.get("message_type") == "summary")
    return {**summary, "paths": paths}


def note(directory: Path, summaries: dict[str, dict[str, object]]) -> None:
    """Keep what the newest copies were; the note gets its name only when it is whole."""
    kept = ("snapshot_id", "paths", "total_files_processed", "total_bytes_processed", "data_added")
    told = {
        destination: {name: summary.get(name) for name in kept} | {"at": int(time.time())}
        for destination, summary in summaries.items()
    }
    new = directory / "last.json.new"
    new.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    new.replace(directory / "last.json")


def copy(settings: Settings, destination: str) -> dict[str, object]:
    """Leave one copy at a destination; returns restic's summary."""
    notes = Path(os.environ["STATE_DIRECTORY"])
    with scratch("copy", Path("/tmp"), locks=notes) as private:  # noqa: S108 - the unit's own, and made 0700
        restic = Restic(private, destination)
        look = restic.run("cat", "config", "--no-lock", accepted=(0, NO_REPOSITORY), seconds=REACHED_SECONDS)
        if look.returncode == NO_REPOSITORY:
            restic.run("init", seconds=REACHED_SECONDS)
        restic.run("unlock")
        return backup(restic, settings)


@program
def main() -> int:
    """Copy once to each destination, even when another one fails."""
    summaries = {}
    status: int = Exit.DONE
    settings = Settings.load()
    for destination in settings.destinations:
        try:
            summaries[destination] = summary = copy(settings, destination)
        except (HostError, OSError, StopIteration, ValueError) as error:
            status = failed(f"{destination} destination: {error}")
            continue
        files, added = summary.get("total_files_processed"), summary.get("data_added")
        sys.stdout.write(f"{destination} destination: {files} files, {added} bytes of them new\n")
    if status == Exit.DONE:
        note(Path(os.environ["STATE_DIRECTORY"]), summaries)
    return status
