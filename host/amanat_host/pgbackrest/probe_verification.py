"""Tell an auditor what of the repository of backups was verified, as JSON. Never changes it.

    probe-verification record    the last verification: whose record it is, how old, and what it found
    probe-verification content   what changed since, read again; a small repository is verified here and now

Run by root, for the journal says whose record it is; the repository is read as the account that owns it.
"""

from __future__ import annotations

import time

from amanat_host import verification as records
from amanat_host.answers.backups import VerificationRecord, VerifiedContent
from amanat_host.entry import probe
from amanat_host.errors import HostError
from amanat_host.pgbackrest.backup import ROOT
from amanat_host.pgbackrest.commands import stanza
from amanat_host.pgbackrest.verify import UNIT, files, may_be_gone, verified


def record() -> VerificationRecord:
    """The last verification."""
    of_unit = records.is_of_unit(UNIT)
    records.become(UNIT.account)
    known = {backup["label"]: float(backup["timestamp"]["stop"]) for backup in stanza()["backup"]}
    return records.told(records.read(UNIT), known, time.time(), of_unit=of_unit)


def content() -> VerifiedContent:
    """How what was verified is now."""
    records.become(UNIT.account)
    before = records.read(UNIT)
    if before is None:
        raise HostError("the repository was never verified: see amanat-backup-verify.service")
    known = stanza()
    small = records.size_bytes(ROOT, files(known)) <= records.READ_AT_AUDIT_BYTES
    faults = verified()[2] if small else []
    return records.content(records.changed(ROOT, before, may_be_gone(known)), faults)


main = probe(__doc__, {"record": record, "content": content}, long_seconds={"content": 280})
