"""Say which requests of audits are in the journal, of the last minute; nobody else's are told.

    probe-requests

A request is an audit's if its user agent says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from amanat_host.answers import site as answers
from amanat_host.commands import run
from amanat_host.entry import probe

UNIT = "amanat-access-log.service"
SINCE = "-1min"
OF_AN_AUDIT = re.compile(r"amanat-audit/[0-9a-f]{32}")
MOST = "--lines=2000"  # the newest: whoever asks much fills no memory here
READ = ("journalctl", f"--unit={UNIT}", f"--since={SINCE}", "--output=cat", "--no-pager", "--quiet", MOST)


def read() -> answers.SiteRequests:
    """The requests of audits. Raises HostError."""
    return answers.SiteRequests(list(of_audits(run(*READ))))


def of_audits(lines: str) -> Iterator[answers.SiteRequest]:
    """Those of audits among the lines that nginx wrote; what is no line of nginx's is passed over."""
    for line in lines.splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict) and OF_AN_AUDIT.fullmatch(str(said.get("agent", ""))):
            yield answers.SiteRequest(
                agent=said["agent"],
                address=str(said.get("address", "")),
                port=str(said.get("port", "")),
                method=str(said.get("method", "")),
                path=str(said.get("path", "")),
                status=str(said.get("status", "")),
            )


main = probe(__doc__, {"": read})
