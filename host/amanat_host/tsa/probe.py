"""Say what the server of time stamps has stamped, by its record.

Reads one file that everybody may read, and changes nothing.
"""

from __future__ import annotations

from amanat_host.answers import logs as answers
from amanat_host.entry import probe
from amanat_host.tsa.stamp_record import FILE, StampRecord


def stamped() -> answers.GivenStamps:
    """What the record comes to."""
    record = StampRecord.read(FILE)
    return answers.GivenStamps(
        imprints=list(dict.fromkeys(str(line["imprint"]) for line in record.lines)),
        misfits=list(record.misfits),
    )


main = probe(__doc__, {"": stamped})
