"""Tell an auditor how the database's WAL leaves this host, who may fetch backups from it, and what its account may
do to the repository, as JSON. Only asks: what it tries is tried dry.

Run by PostgreSQL's account, without arguments.
"""

from __future__ import annotations

from amanat_host.answers.backups import WalArchiving
from amanat_host.entry import probe
from amanat_host.errors import HostError
from amanat_host.pgbackrest.commands import STANZA, pgbackrest, setting, unauthorized_host


def refusal(*given: str) -> str:
    """What a command of pgBackRest's is refused with; empty when it would have been done."""
    try:
        pgbackrest(f"--stanza={STANZA}", *given)
    except HostError as refused:
        return str(refused)
    return ""


def archiving() -> WalArchiving:
    """Ask, and try dry."""
    return WalArchiving(
        queue_max=setting("archive-push", "archive-push-queue-max", f"--stanza={STANZA}"),
        repository=setting("archive-push", "repo-host", f"--stanza={STANZA}"),
        clients=setting("server", "tls-server-auth").split(", "),
        unauthorized_host=unauthorized_host("store"),
        expire=refusal("--dry-run", "--repo1-retention-full=1", "--log-level-console=error", "expire"),
        info=refusal("info"),
    )


main = probe(__doc__, {"": archiving})
