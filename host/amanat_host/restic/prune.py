"""Remove the copies that came in too long ago, by the times of the server's own files.

A client can put any date into a copy, so its date counts for nothing. Every byte is checked first: a client that
was taken over can add an index that lies, and pruning by it would remove what is still needed. What a check finds
ends the run before anything is removed.
"""

from __future__ import annotations

import sys
import time

from amanat_host.entry import failed, program
from amanat_host.errors import Exit, HostError
from amanat_host.restic.server import Settings, arrivals, outlived, restic
from amanat_host.times import DAY_SECONDS


def prune(host: str, settings: Settings) -> str:
    """Check one host's copies and remove those that are due; says what was done."""
    repository, key = settings.root / host, settings.keys / host
    now = time.time()
    for lock, since in arrivals(repository / "locks").items():
        if now - since > DAY_SECONDS:  # its run is long dead, or the client means to hold pruning up
            (repository / "locks" / lock).unlink(missing_ok=True)
    restic(repository, key, "check", "--read-data", "--retry-lock", "1h")
    due = outlived(arrivals(repository / "snapshots"), time.time(), settings.keep_days, settings.keep_least)
    if due:
        restic(repository, key, "forget", "--prune", "--retry-lock", "1h", *due)
    return f"{host}: whole; {len(due)} copies removed"


@program
def main() -> int:
    """Go through all hosts, even when one has a problem."""
    status: int = Exit.DONE
    settings = Settings.load()
    for host in settings.made():
        try:
            sys.stdout.write(prune(host, settings) + "\n")
        except (HostError, OSError) as error:
            status = failed(str(error))
    return status
