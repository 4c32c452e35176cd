"""Say how long the archive keeps records at the least, and whether it refuses to let them go sooner.

Without a word of messages and transactions, with `addresses` of access records. Changes nothing and reads nothing else
from the caller.
"""

from __future__ import annotations

from amanat_host.answers.archive import Retention
from amanat_host.archive.cluster import REAL, become_postgres, query
from amanat_host.entry import probe
from amanat_host.errors import HostError

KEPT = "SELECT message_retention_days FROM archive.machine;"
KEPT_ADDRESSES = "SELECT ip_retention_days FROM archive.access_days;"
# The archive refuses by its own code; whatever else comes of it, the transaction may write nothing.
SOONER = "BEGIN READ ONLY; SELECT archive.{expire}({days}); ROLLBACK;"
REFUSED = "22023"


def retention() -> Retention:
    """Of messages and transactions: the archive's own row, and a try at a day less."""
    return _retention(KEPT, "expire_partitions")


def address_retention() -> Retention:
    """Of access records: the same."""
    return _retention(KEPT_ADDRESSES, "expire_days")


def _retention(kept: str, expire: str) -> Retention:
    become_postgres()
    days = int(query(kept, REAL))
    return Retention(days, refuses_less=is_refused(expire, days - 1))


def is_refused(expire: str, days: int) -> bool:
    """Whether the archive says no to a retention of so many days, before it looks for anything to remove."""
    try:
        query(SOONER.format(expire=expire, days=days), REAL)
    except HostError as error:
        if REFUSED in str(error):
            return True
    return False


main = probe(__doc__, {"": retention, "addresses": address_retention})
