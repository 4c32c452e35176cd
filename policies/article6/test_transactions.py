"""Article 6 clause 7-2: online transactions are stored."""

from datetime import datetime
from decimal import Decimal

import pytest

from amanat.audit import requirement
from amanat.audit.archive import RECORD_TRANSACTION, Transaction

INVALID = "22023"
NOT_ALLOWED = "42501"
CHAINED_WITHIN_SECONDS = 30


@requirement("A6-7-2-transactions")
def test_a_transaction_is_stored_as_it_happened(archive):
    """User, kind, amount, currency, means, reference, address, port and time are read back unchanged."""
    paid = Transaction(amount="1250000.5", currency="IRR")
    kept = archive.find(archive.record(paid), "transaction", CHAINED_WITHIN_SECONDS).transactions[0]
    same = ("user_ref", "kind", "currency", "means", "reference", "client_ip", "client_port")
    assert {name: kept[name] for name in same} == {name: getattr(paid, name) for name in same}
    assert Decimal(str(kept["amount"])) == Decimal(paid.amount)
    assert datetime.fromisoformat(kept["occurred_at"]) == paid.occurred_at


@requirement("A6-7-2-transactions")
@pytest.mark.parametrize(
    "wrong",
    [
        *({"amount": "-1"}, {"currency": "rial"}, {"user_ref": ""}, {"reference": ""}, {"client_port": 0}),
        *({name: None} for name in ("amount", "currency", "user_ref", "reference", "client_port")),
    ],
    ids=lambda wrong: "-".join(f"{name}-{value}" for name, value in wrong.items()),
)
def test_a_transaction_that_could_not_be_traced_is_refused(store, client, wrong):
    """With no amount, currency, user, reference or source port, or with a wrong one, nothing is recorded."""
    with client.login(store, "archive_writer") as writer:
        assert writer.refusal(RECORD_TRANSACTION, Transaction(**wrong).parameters()) == INVALID


@requirement("A6-7-2-transactions")
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE archive.transaction SET amount = 0",
        "DELETE FROM archive.transaction",
        "TRUNCATE archive.transaction",
    ],
)
def test_a_stored_transaction_stays(store, client, change):
    """The role that stores transactions can't change or remove them."""
    with client.login(store, "archive_writer") as writer:
        assert writer.refusal(change) == NOT_ALLOWED
