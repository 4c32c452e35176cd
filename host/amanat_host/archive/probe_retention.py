"""Say how long the archive keeps records at the least, and whether it refuses to let them go sooner.

Changes nothing, takes no arguments and reads nothing from the caller.
"""

from __future__ import annotations

from amanat_host.answers.archive import Retention
from amanat_host.archive.cluster import REAL, become_postgres, query
from amanat_host.entry import probe
from amanat_host.errors import HostError

KEPT = "SELECT message_retention_days FROM archive.machine;"
# The archive refuses by its own code; whatever else comes of it, the transaction may write nothing.
SOONER = "BEGIN READ ONLY; SELECT archive.expire_partitions({days}); ROLLBACK;"
REFUSED = "22023"


def retention() -> Retention:
    """The archive's own row, and a try at a day less."""
    become_postgres()
    days = int(query(KEPT, REAL))
    return Retention(days, refuses_less=is_refused(days - 1))


def is_refused(days: int) -> bool:
    """Whether the archive says no to a retention of so many days, before it looks for anything to remove."""
    try:
        query(SOONER.format(days=days), REAL)
    except HostError as error:
        if REFUSED in str(error):
            return True
    return False


main = probe(__doc__, {"": retention})
