"""Article 5 clause 6-1: what the archive works by, row by row, is what chained events made it."""

from amanat.audit import prefetch, requirement
from amanat.audit.archive_rows import differences
from amanat.audit.host import Host
from amanat_host import questions


@prefetch(questions.STATE_ROWS)
@requirement("A5-6-1-integrity", "A5-6-1-access", "A5-6-1-durable", "A3-channels", "U-currency")
def test_every_row_of_state_follows_from_events(store: Host):
    """Lists, retention, clock, months, sealing keys and the half of data keys are what the chained events come to."""
    answered = store.ask(questions.STATE_ROWS)
    found = differences(answered.rows, answered.events)
    assert not found, "\n".join(found)
