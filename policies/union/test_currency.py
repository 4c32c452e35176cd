"""Virtual Business Union: a national digital currency is coming; new means of payment need no migration."""

from amanat.audit import requirement
from amanat.audit.archive import CHAINED_WITHIN_SECONDS, RECORD_TRANSACTION, Transaction

INVALID = "22023"


@requirement("U-currency")
def test_each_means_of_payment_can_be_recorded(archive, bound):
    """A transaction by card, wallet and national digital currency is stored and read back."""
    means = bound("means_of_payment").includes
    numbers = archive.record(*(Transaction(means=one) for one in means))
    kept = archive.find(numbers, "transaction", CHAINED_WITHIN_SECONDS).transactions
    assert [one["means"] for one in kept] == list(means)


@requirement("U-currency")
def test_the_list_of_means_is_data(store, client, bound):
    """Means of payment are rows of a table; the column that names them is plain text."""
    with client.login(store, "archive_auditor") as auditor:
        listed = {name for (name,) in auditor.rows("SELECT name FROM archive.means")}
        kind = auditor.value(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = 'archive.transaction'::regclass AND attname = 'means'"
        )
    assert set(bound("means_of_payment").includes) <= listed
    assert kind == "text"


@requirement("U-currency")
def test_a_means_outside_the_list_is_refused(store, client):
    """A misspelt means of payment isn't silently kept as a new one."""
    with client.login(store, "archive_writer") as writer:
        assert writer.refusal(RECORD_TRANSACTION, Transaction(means="card").parameters()) == INVALID
