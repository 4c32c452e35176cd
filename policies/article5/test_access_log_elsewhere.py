"""Article 5 clause 6-1: what a machine logs is stored whole on another, and soon."""

from collections.abc import Iterator

import pytest

from amanat.audit import requirement
from amanat.audit.expectations import expectations
from amanat.audit.holes import describe_hole
from amanat.audit.host import Host
from amanat.audit.timing import age_seconds
from amanat.audit.waiting import wait_until
from amanat_host import questions
from amanat_host.answers.logs import JournalEnd, JournalRoom, StoredLogs, StoredRecently, Stream, VerifiedLogs
from amanat_host.answers.system import TlsAttempts
from amanat_host.logs.comparison import groups
from amanat_host.times import DAY_SECONDS

VERIFY_SECONDS = 600
HOUR_SECONDS = 3600
FIRST_NUMBER = 1


@pytest.fixture(scope="module")
def stored(logs: Host) -> StoredLogs:
    """What is stored of every machine's journal."""
    answer: StoredLogs = logs.ask(questions.STORED_LOGS)
    return answer


def stream_of(machine: Host, stored: StoredLogs) -> Stream:
    """What is stored of a machine's journal; that there is something is what its caller checks first."""
    assert machine.name not in stored.unreadable, stored.unreadable[machine.name]
    assert machine.name in stored.streams, f"nothing of {machine.name} is stored"
    return stored.streams[machine.name]


@requirement("A5-6-1-access")
def test_the_newest_line_is_stored_in_time(machine: Host, logs: Host, bound):
    """The entry that was a machine's newest when it was asked is stored on the log server within the bound."""
    end = machine.ask(questions.JOURNAL_END)
    stored = wait_until(lambda: is_stored(machine, logs, end), bound("log_arrival_seconds").max)
    assert stored, f"entry {end.number} has not come"


def is_stored(machine: Host, logs: Host, end: JournalEnd) -> bool:
    """Whether an entry of a machine's journal is stored."""
    streams = logs.ask(questions.STORED_LOGS).streams
    if machine.name not in streams or streams[machine.name].numbering != end.numbering:
        return False
    return streams[machine.name].last >= end.number


@requirement("A5-6-1-access")
def test_no_line_is_missing(machine: Host, stored: StoredLogs, bound):
    """Each number between the first entry of a machine and its newest is stored; what is lost is lost for good."""
    stream = stream_of(machine, stored)
    assert stream.first <= stream.last
    assert stream.entries > 0
    limit = bound("log_lines_missing")
    holes = "; ".join(map(describe_hole, stream.holes))
    assert limit.allows(stream.lost), f"{stream.lost} entries that the machine no longer has: {holes}"
    assert limit.allows(stream.missing), f"{stream.missing} entries that have not come yet: {holes}"


@requirement("A5-6-1-access")
def test_no_journal_was_begun_anew(machine: Host, stored: StoredLogs):
    """A machine that is the same has one journal: no other numbers began, and none was given twice."""
    stream = stream_of(machine, stored)
    assert stream.began_anew == [], "the journal was thrown away"
    assert stream.reused == 0, "entries were lost on the machine, and their numbers given to others"


@requirement("A5-6-1-access")
def test_the_log_server_has_everything(machine: Host, logs: Host, bound):
    """It compared what is stored with how far the machine's journal goes, and found all of it, lately."""
    stream = stream_of(machine, logs.ask(questions.STORED_LOGS))  # now: the age of what was told before grows
    assert stream.checked_at is not None, "it never asked"
    assert stream.complete_at is not None, "it never had everything"
    assert bound("log_check_seconds").allows(age_seconds(stream.checked_at))
    assert bound("log_check_seconds").allows(age_seconds(stream.complete_at))


@pytest.fixture(scope="module")
def room(machine: Host) -> JournalRoom:
    """How far a machine's own journal reaches back, and what bounds it."""
    answer: JournalRoom = machine.ask(questions.JOURNAL_ROOM)
    return answer


@requirement("A5-6-1-access")
def test_the_journal_outlives_an_outage(room: JournalRoom, bound):
    """A journal may grow to the size that it was given, and reaches back as far as the bound, or to its beginning."""
    assert list(shortcomings(room, bound("log_outage_days").min)) == []


def shortcomings(room: JournalRoom, days: float) -> Iterator[str]:
    """What leaves a machine's journal shorter than an outage of so many days, or would once it is full."""
    for name, most in room.limits_bytes.items():
        if most < room.given_bytes:
            sizes = f"{most >> 20} of the {room.given_bytes >> 20} MiB that it was given"
            yield f"{name} leaves the journal {sizes}; it takes {room.used_bytes >> 20}"
    if 0 < room.kept_seconds < days * DAY_SECONDS:
        yield f"MaxRetentionSec removes entries that are {room.kept_seconds / HOUR_SECONDS:.1f} hours old"
    reach = age_seconds(room.oldest_at)
    if room.oldest_number > FIRST_NUMBER and reach < days * DAY_SECONDS:
        yield f"the journal reaches back {reach / HOUR_SECONDS:.1f} hours only; what was before is thrown away"


@pytest.fixture(scope="session")
def verified(logs: Host) -> VerifiedLogs:
    """What reading all that is stored says."""
    answer: VerifiedLogs = logs.ask(questions.VERIFIED_LOGS, seconds=VERIFY_SECONDS)
    return answer


@pytest.mark.slow
@requirement("A5-6-1-access")
def test_what_is_stored_is_what_came(machine: Host, verified: VerifiedLogs):
    """The files hold every number that came, once, and nothing else."""
    assert verified.entries.get(machine.name, 0) > 0, f"nothing of {machine.name} is stored"
    faults = verified.faults.get(machine.name, [])
    assert faults == [], "; ".join(faults)


@pytest.mark.slow
@requirement("A6-7-2-ip")
def test_sealed_days_are_what_was_sealed(verified: VerifiedLogs):
    """Each sealed day's file, seal and stamp fit, of every machine; none is gone but those purged in their time."""
    faults = [f"{machine}: {fault}" for machine, told in verified.faults.items() for fault in told]
    assert faults == [], "; ".join(faults)


@pytest.fixture(scope="session")
def stored_recently(logs: Host) -> StoredRecently:
    """Digests of the newest entries that are stored; the machines are asked after that, and have them all."""
    answer: StoredRecently = logs.ask(questions.STORED_RECENTLY, seconds=VERIFY_SECONDS)
    return answer


@pytest.mark.slow
@requirement("A5-6-1-access")
def test_what_is_stored_is_what_the_machine_logged(machine: Host, stored_recently: StoredRecently):
    """Entries that both have are the same, byte for byte, whoever altered one there or on its way."""
    assert machine.name not in stored_recently.unreadable, stored_recently.unreadable[machine.name]
    assert machine.name in stored_recently.machines, f"nothing of {machine.name} is stored"
    stored = stored_recently.machines[machine.name]
    logged = machine.ask(questions.JOURNAL_RECENT, seconds=VERIFY_SECONDS)
    assert stored.numbering == logged.numbering
    both = logged.ranges.keys() & stored.ranges.keys()
    assert both, "no range of entries is on both sides"
    differing = sorted(one for one in both if logged.ranges[one] != stored.ranges[one])
    assert differing == [], f"entries {', '.join(differing)} are stored otherwise than they were logged"
    lacking = sorted((groups(stored.last).keys() & logged.ranges.keys()) - stored.ranges.keys())
    assert lacking == [], f"entries that the machine has are not stored: some of {', '.join(lacking)}"


@requirement("A5-6-1-access")
def test_what_is_stored_begins_where_the_journal_did(machine: Host, room: JournalRoom, stored: StoredLogs):
    """A journal loses its oldest entries only, so whatever the machine still has is not before what is stored first."""
    stream = stream_of(machine, stored)
    is_same = stream.numbering == machine.ask(questions.JOURNAL_END).numbering
    assert not is_same or stream.first <= room.oldest_number, "entries of before are on the machine alone"


@pytest.fixture(scope="module")
def attempts(machine: Host, logs: Host) -> TlsAttempts:
    """What the log server's machine gets of another's journal without the right certificate."""
    port = expectations().of_host(machine).listening("journal").port
    answer: TlsAttempts = logs.ask(questions.tls_attempts(machine.name, port))
    return answer


@requirement("A5-6-1-access")
def test_a_journal_is_handed_out_over_mutual_tls_only(attempts: TlsAttempts, bound):
    """Neither without a certificate, nor with one of another authority, nor over an older TLS does anything come."""
    tried = (attempts.no_certificate, attempts.foreign_certificate, attempts.old_protocol)
    assert [one.received for one in tried] == ["", "", ""]
    assert all(one.error for one in tried)
    assert not attempts.old_protocol.handshake
    spoken = attempts.no_certificate.version
    assert bound("tls_min_version").allows(float(spoken.removeprefix("TLSv"))), spoken
