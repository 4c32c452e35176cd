#!/usr/bin/python3 -B
"""Tell an auditor how the database's log leaves this host, who may fetch backups from it, and what its account may
do to the repository, as JSON. Only asks: what it tries is tried dry.

Run by PostgreSQL's account, without arguments. Exit status: 0 told, 1 a problem (one message on standard error).
"""

from __future__ import annotations

import json
import sys

from amanat_pgbackrest import STANZA, Problem, pgbackrest, setting, stranger


def refusal(*given: str) -> str:
    """What a command of pgBackRest's is refused with; empty when it would have been done."""
    try:
        pgbackrest(f"--stanza={STANZA}", *given)
    except Problem as refused:
        return str(refused)
    return ""


def main() -> int:
    """Print the facts and return the exit status."""
    if sys.argv[1:]:
        sys.stderr.write(__doc__ or "")
        return 2
    try:
        told = {
            "queue_max": setting("archive-push", "archive-push-queue-max", f"--stanza={STANZA}"),
            "repository": setting("archive-push", "repo-host", f"--stanza={STANZA}"),
            "clients": setting("server", "tls-server-auth").split(", "),
            "stranger": stranger("store"),
            "expire": refusal("--dry-run", "--repo1-retention-full=1", "--log-level-console=error", "expire"),
            "info": refusal("info"),
        }
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    except (Problem, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
