"""Article 5 clause 6-1: what a machine has logged of access is whole, from its beginning until now."""

import time
from collections.abc import Iterator

from amanat.audit import prefetch, requirement
from amanat.audit.closed_world import require_expected
from amanat.audit.file_record import RECORDS, TO_ACCEPT, kept_otherwise
from amanat.audit.host import Host
from amanat_host import questions
from amanat_host.answers.system import Journal
from amanat_host.times import DAY_SECONDS, utc

FIRST_NUMBER = 1


@prefetch(questions.JOURNAL)
@requirement("A5-6-1-access", "A7-protection")
def test_the_journal_has_no_hole(machine: Host, bound):
    """journald numbers its entries: the kept ones begin with the first, or long ago, and none between is missing."""
    journal = machine.ask(questions.JOURNAL)
    assert journal.in_use in {one.id for one in journal.sequences}, "what is logged now is in no file"
    assert journal.unreadable == [], "files of the journal can't be read"
    assert list(holes(journal, days_ago(bound("journal_days").min))) == []


@prefetch(questions.RECORDINGS)
@requirement("A5-6-1-access", "A7-protection")
def test_every_session_as_root_is_on_record(machine: Host, bound):
    """Each session that sudo has told the journal of is recorded whole, and no other is."""
    recordings = machine.ask(questions.RECORDINGS)
    since = days_ago(bound("recording_days").min)
    assert [f"{one.name} of {one.at} {one.fault}" for one in recordings.faults if one.at >= since] == []


@prefetch(questions.LOGINS)
@requirement("A5-6-1-access")
def test_records_of_logins_agree_with_the_journal(machine: Host):
    """Each login at a terminal is in all records of logins, and none of these has a login that sshd didn't let in."""
    logins = machine.ask(questions.LOGINS)
    assert [f"{one.login} {one.at} {one.fault}".replace("  ", " ") for one in logins.faults] == []


@prefetch(questions.KEPT)
@requirement("A5-6-1-access", "A7-protection")
def test_every_key_and_journal_is_the_converges(machine: Host):
    """No key was added to a store of keys, and no journal begun anew, since the last converge."""
    require_expected(kept_otherwise(machine.ask(questions.KEPT), RECORDS.of(machine)), TO_ACCEPT)


def days_ago(days: float) -> str:
    """The moment so many days ago, as hosts write times."""
    return utc(time.time() - days * DAY_SECONDS)


def holes(journal: Journal, since: str) -> Iterator[str]:
    """What is missing of the entries since a moment; what is older, journald may have removed for want of room."""
    following = FIRST_NUMBER  # the number after those of the sequence before, with which the next may go on
    for one in journal.sequences:
        for gap in one.gaps:
            if not gap.before or gap.before >= since:
                until = gap.before or "now"
                yield f"entries {gap.first} to {gap.last} of the journal are gone, from between {gap.after} and {until}"
        if one.begins >= since and one.first not in (FIRST_NUMBER, following):
            yield f"entries {FIRST_NUMBER} to {one.first - 1} of the journal are gone, from before {one.begins}"
        following = one.last + 1
