"""Say what an audit needs of PostgreSQL's log of the last quarter of an hour, as JSON; never a line of it.

authorized   the server processes whose client was let in, with the role
refused      the server processes whose client gave a wrong password, with the archive's role
markers      for each marker drawn lately (`probe-marker draw`) whether it is in the log: yes or no
Where somebody has made the log tell too much, the auditor must not read it there. Run by root, takes no arguments and
reads nothing from the caller.
"""

from __future__ import annotations

import pwd
import re

from amanat_host import processes
from amanat_host.answers.archive import ServerLog
from amanat_host.entry import probe
from amanat_host.markers import NoneDrawn, drawn

ACCOUNT = "postgres"
JOURNAL = (
    "/usr/bin/journalctl",
    *("--quiet", "--no-pager", "--output=cat", "--identifier=postgresql", "--since=-15min"),
)
AUTHORIZED = re.compile(rb"\[(\d+)\].*connection authorized: user=(archive_[a-z]+)\b")
RANDOM = 32  # characters at the end of a marker
REFUSED = re.compile(rb'\[(\d+)\].*password authentication failed for user "(archive_[a-z]+)"')


def markers() -> list[bytes]:
    """What to look for; nothing where no audit asked for it."""
    try:
        return drawn()
    except NoneDrawn:
        return []


def in_parse_tree(text: bytes, log: bytes) -> bool:
    """Whether eight bytes of the drawn part stand there as PostgreSQL logs them in parse trees: decimal numbers.

    Its lines hold more than eight, and break anywhere (outfuncs.c, outDatum; print.c, format_node_dump).
    """
    part = text[-RANDOM:]
    windows = (part[start : start + 8] for start in range(len(part) - 7))
    return any(b" ".join(b"%d" % byte for byte in window) in log for window in windows)


def facts(log: bytes) -> ServerLog:
    """What is told of a log."""
    return ServerLog(
        authorized={int(process): role.decode() for process, role in AUTHORIZED.findall(log)},
        refused={int(process): role.decode() for process, role in REFUSED.findall(log)},
        markers={marker.decode(): marker in log or in_parse_tree(marker, log) for marker in markers()},
    )


def lately() -> ServerLog:
    """What is told of the last minutes."""
    # Any account may call itself postgresql in the journal; whose process it was, the kernel says.
    own = f"_UID={pwd.getpwnam(ACCOUNT).pw_uid}"
    return facts(processes.run((*JOURNAL, own), capture_output=True, check=True).stdout)


main = probe(__doc__, {"": lately})
