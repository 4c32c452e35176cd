"""Article 5 clause 6-1: all that is kept is read again and again, not only what a restore happens to need.

What the verifying units found is theirs to say; that nothing changed since is looked at here, by the kernel's own time
of a change, and a small repository is read as a whole.
"""

import pytest

from amanat.audit import prefetch, requirement
from amanat.audit.host import Host
from amanat.audit.timers import hours_until_due, last_result
from amanat_host import questions
from amanat_host.answers.backups import VerificationRecord, VerifiedContent

CONTENT_SECONDS = 300
UNITS = {"backups": "amanat-backup-verify", "copies": "amanat-copies-verify"}
RECORDS = {"backups": questions.BACKUPS_VERIFIED, "copies": questions.COPIES_VERIFIED}
CONTENTS = {"backups": questions.BACKUPS_CONTENT, "copies": questions.COPIES_CONTENT}
each = pytest.mark.parametrize("kept", ["backups", "copies"])


@prefetch(questions.BACKUPS_VERIFIED, service="vault")
@prefetch(questions.COPIES_VERIFIED, service="vault")
@each
@requirement("A5-6-1-durable")
def test_all_that_is_kept_was_verified_lately(vault: Host, kept, bound):
    """The verifying unit's own record is younger than the bound, and names all that was there before it."""
    record: VerificationRecord = vault.ask(RECORDS[kept])
    assert record.age_hours is not None, f"never verified: see {UNITS[kept]}.service"
    assert record.of_unit, f"the record is not the one that {UNITS[kept]}.service named last in the journal"
    assert record.left_out == [], "was there, and was not verified"
    assert record.age_hours >= 0, "the record is dated ahead"
    assert bound("verification_age_hours").allows(record.age_hours), f"{record.age_hours:.1f} hours ago"


@each
@requirement("A5-6-1-durable")
def test_the_last_verification_found_no_fault(vault: Host, kept):
    """What the unit read was whole, and its last run ended well."""
    record: VerificationRecord = vault.ask(RECORDS[kept])
    assert record.faults == []
    shown = last_result(vault, UNITS[kept])
    assert shown == "success", f"{UNITS[kept]}.service ended with {shown}"


@each
@requirement("A5-6-1-durable")
def test_the_next_verification_is_due_in_time(vault: Host, kept, bound):
    """The timer that verifies runs, comes back at boot, and elapses within the bound."""
    timer = vault.service(f"{UNITS[kept]}.timer")
    assert timer.is_running
    assert timer.is_enabled
    hours = hours_until_due(vault, UNITS[kept])
    assert bound("verification_age_hours").allows(hours), f"the next one comes in {hours:.1f} hours"


@pytest.mark.slow
@prefetch(questions.BACKUPS_CONTENT, service="vault", seconds=CONTENT_SECONDS)
@prefetch(questions.COPIES_CONTENT, service="vault", seconds=CONTENT_SECONDS)
@each
@requirement("A5-6-1-durable")
def test_what_is_kept_is_as_it_was_verified(vault: Host, kept):
    """What changed since has the digest on record still, nothing is gone, and what is small is whole now."""
    content: VerifiedContent = vault.ask(CONTENTS[kept], seconds=CONTENT_SECONDS)
    assert content.changed == []
    assert content.faults_now == []
