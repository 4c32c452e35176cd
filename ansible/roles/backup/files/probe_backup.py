#!/usr/bin/python3 -B
"""Tell an auditor how the database's log leaves this host and who may fetch backups from it, as JSON. Only asks.

Run by PostgreSQL's account, without arguments. Exit status: 0 told, 1 a problem (one message on standard error).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys

STANZA = "archive"
PKI = "/etc/amanat/pki"
CURRENT = re.compile(r"^current: (.+?)(?=\n\n|\ndefault:|\ndeprecated|\Z)", re.MULTILINE | re.DOTALL)


class Problem(Exception):
    """What went wrong."""


def pgbackrest(*given: str) -> str:
    """Run it; returns the output. Raises `Problem` with its own words."""
    ran = subprocess.run(["/usr/bin/pgbackrest", *given], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise Problem(f"pgbackrest {given[-1]} failed: {(ran.stderr or ran.stdout).strip()}")
    return ran.stdout


def setting(command: str, option: str, *given: str) -> str:
    """What a command would take for an option now; empty where nobody set it."""
    found = CURRENT.search(pgbackrest(*given, "help", command, option))
    return " ".join(found[1].split()) if found else ""


def stranger() -> str:
    """What our server says to this host, whose certificate is the stack's and whose name it doesn't know."""
    pair = [
        f"--repo1-host-{kind}-file={PKI}/pgbackrest.{end}" for kind, end in (("cert", "crt"), ("key", "key"))
    ]
    where = ["--repo1-host=store", "--repo1-host-type=tls", f"--repo1-host-ca-file={PKI}/ca.crt", *pair]
    told = pgbackrest("--no-config", f"--stanza={STANZA}", *where, "--output=json", "info")
    return str(json.loads(told)[0]["repo"][0]["status"]["message"])


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
            "stranger": stranger(),
        }
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    except (Problem, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
