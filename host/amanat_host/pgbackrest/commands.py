"""What the programs on both ends of the backups ask pgBackRest."""

from __future__ import annotations

import json
import re
from typing import Any

from amanat_host import processes
from amanat_host.errors import HostError

STANZA = "archive"
LONGEST_WORDS = 600
PKI = "/etc/amanat/pki"
CURRENT = re.compile(r"^current: (.+?)(?=\n\n|\ndefault:|\ndeprecated|\Z)", re.MULTILINE | re.DOTALL)


def pgbackrest(*given: str) -> str:
    """Run it; returns the output. Raises `HostError` with its own words."""
    command = ["/usr/bin/pgbackrest", *given]
    # Of records it can't decrypt it prints what it takes for them.
    ran = processes.run(command, capture_output=True, text=True, errors="replace")
    if ran.returncode != 0:
        raise HostError(f"pgbackrest {given[-1]} failed: {plain(ran.stderr or ran.stdout)}")
    return str(ran.stdout)


def plain(said: str) -> str:
    """Its words without what they quote: of a broken configuration it repeats the line, the passphrase of all."""
    without = re.sub(r"(\bat line \d+).*", r"\1", said.strip())
    return re.sub(r"((?:pass|key)[\w-]*\s*[=:]\s*)\S+", r"\1(not shown)", without)[:LONGEST_WORDS]


def stanza(*given: str) -> dict[str, Any]:
    """What it knows of our stanza (`pgbackrest info`)."""
    told = pgbackrest(*given, f"--stanza={STANZA}", "--output=json", "info")
    found: dict[str, Any] = json.loads(told, strict=False)[0]
    return found


def setting(command: str, option: str, *given: str) -> str:
    """What a command would take for an option now; empty where nobody set it."""
    found = CURRENT.search(pgbackrest(*given, "help", command, option))
    return " ".join(found[1].split()) if found else ""


def unauthorized_host(host: str) -> str:
    """What this very host's server says to it: the certificate is the stack's, the name is none that it serves."""
    pair = [
        f"--repo1-host-{kind}-file={PKI}/pgbackrest.{end}" for kind, end in (("cert", "crt"), ("key", "key"))
    ]
    port = setting("server", "tls-server-port")
    server = [f"--repo1-host={host}", f"--repo1-host-port={port}", "--repo1-host-type=tls"]
    where = [*server, f"--repo1-host-ca-file={PKI}/ca.crt", *pair]
    return str(stanza("--no-config", *where)["repo"][0]["status"]["message"])
