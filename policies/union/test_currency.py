"""Virtual Business Union: a national digital currency is coming; new means of payment need no migration."""

from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from amanat.audit import requirement
from amanat.audit.archive import CHAINED_WITHIN_SECONDS, CLIENTS, RECORD_TRANSACTION, Transaction

INVALID = "22023"
NOT_ALLOWED = "42501"
# Of the country, of others, and a code of its own for a digital one, as short and as long as codes may be.
CURRENCIES = ("IRR", "USD", "EUR", "AED", "CNY", "IRDIGITL")
NO_MEANS: tuple[Any, ...] = ("card", "WALLET", " wallet", "wallet ", "wallet%", "%", "_allet", "w*", "", None)
OPENED = "amanat_audit"
OPENING = (
    f"SELECT archive.add_means('{OPENED}', 'x')",
    f"INSERT INTO archive.means VALUES ('{OPENED}', 'x')",
    "ALTER TABLE archive.means DISABLE TRIGGER append_only",
    "ALTER TABLE archive.means RENAME TO closed",
    "SET ROLE archive_owner",
)
CLOSING = ("DELETE FROM archive.means WHERE name = 'wallet'", "DROP TABLE archive.means CASCADE")


@requirement("U-currency")
def test_each_means_of_payment_can_be_recorded(archive, bound):
    """A transaction by card, wallet and national digital currency, in each currency, is stored and read back."""
    paid = [
        Transaction(means=means, currency=currency, amount=f"{number}.5")
        for number, (means, currency) in enumerate(product(bound("means_of_payment").includes, CURRENCIES))
    ]
    kept = archive.find(archive.record(*paid), "transaction", CHAINED_WITHIN_SECONDS).transactions
    assert [(one["means"], one["currency"], Decimal(str(one["amount"]))) for one in kept] == [
        (one.means, one.currency, Decimal(one.amount)) for one in paid
    ]


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
    """A misspelt means of payment isn't silently kept as a new one, nor one that only resembles a means, or none."""
    with client.login(store, "archive_writer") as writer:
        recordings = {name: (RECORD_TRANSACTION, Transaction(means=name).parameters()) for name in NO_MEANS}
        assert writer.refused_otherwise(INVALID, recordings) == {}


@requirement("U-currency")
@pytest.mark.parametrize("role", CLIENTS)
def test_no_client_opens_or_closes_the_list(store, client, role):
    """Not even for a transaction that is taken back: no role that clients use changes the list of means."""
    with client.login(store, role) as session:
        changes = {statement: (statement, ()) for statement in (*OPENING, *CLOSING)}
        assert session.refused_otherwise(NOT_ALLOWED, changes) == {}


@requirement("U-currency")
def test_a_list_of_the_writers_own_opens_nothing(store, client):
    """A table of the same name that a session makes for itself is not where the archive looks."""
    with client.login(store, "archive_writer", fresh=True) as writer:
        recording = RECORD_TRANSACTION, Transaction(means=OPENED).parameters()
        answer = writer.with_own_table("means", OPENED, recording)
    # Refused where it may not even make the table, or where it is not looked at.
    assert answer.sqlstate in (NOT_ALLOWED, INVALID), answer.message or "it was recorded"
