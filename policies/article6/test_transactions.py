"""Article 6 clause 7-2: online transactions are stored."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from amanat.audit import prefetch, requirement
from amanat.audit.archive import CHAINED_WITHIN_SECONDS, RECORD_TRANSACTION, Transaction
from amanat.audit.host import Host
from amanat_host import questions

INVALID = "22023"
OUT_OF_RANGE = "22008"
NOT_ALLOWED = "42501"
LONGEST = "x" * 255  # a party or reference
NOW = datetime.now(UTC)


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
    ("at", "beyond", "said"),
    [
        pytest.param({"amount": "0"}, {"amount": "-0.00000001"}, INVALID, id="least"),
        pytest.param(
            {"amount": "999999999999999999.99999999"}, {"amount": "1000000000000000000"}, INVALID, id="most"
        ),
        pytest.param({"amount": "0.00000001"}, {"amount": "0.000000001"}, INVALID, id="decimals"),
        pytest.param({"amount": "1e17"}, {"amount": "NaN"}, INVALID, id="number"),
        pytest.param({"amount": "1e3"}, {"amount": "Infinity"}, INVALID, id="finite"),
        pytest.param({"amount": "1"}, {"amount": None}, INVALID, id="amount"),
        pytest.param({"currency": "IRR"}, {"currency": "IR"}, INVALID, id="short-currency"),
        pytest.param({"currency": "ABCDEFGH"}, {"currency": "ABCDEFGHI"}, INVALID, id="long-currency"),
        pytest.param({"user_ref": LONGEST}, {"user_ref": LONGEST + "x"}, INVALID, id="user"),
        pytest.param({"reference": LONGEST}, {"reference": LONGEST + "x"}, INVALID, id="reference"),
        pytest.param({"kind": "ab"}, {"kind": "a"}, INVALID, id="short-kind"),
        pytest.param({"kind": "a" * 32}, {"kind": "a" * 33}, INVALID, id="long-kind"),
        pytest.param({"client_port": 1}, {"client_port": 0}, INVALID, id="first-port"),
        pytest.param({"client_port": 65535}, {"client_port": 65536}, INVALID, id="last-port"),
        pytest.param({"client_ip": "192.0.2.7/32"}, {"client_ip": "192.0.2.0/24"}, INVALID, id="address"),
        pytest.param(
            {"occurred_at": datetime(2000, 1, 1, tzinfo=UTC)},
            {"occurred_at": datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)},
            OUT_OF_RANGE,
            id="oldest",
        ),
        pytest.param(
            {"occurred_at": NOW + timedelta(hours=23)},
            {"occurred_at": NOW + timedelta(hours=49)},
            OUT_OF_RANGE,
            id="newest",
        ),
    ],
)
def test_a_transaction_is_taken_up_to_the_bound_and_not_beyond(store, client, at, beyond, said):
    """What lies at the edge of the allowed is stored; the next beyond it is refused."""
    with client.login(store, "archive_writer") as writer:
        answers = [
            writer.refusal(RECORD_TRANSACTION, Transaction(**one).parameters()) for one in (at, beyond)
        ]
    assert answers == ["", said]


@requirement("A6-7-2-transactions")
def test_amounts_at_the_bound_are_read_back(archive):
    """The least, the largest and the most exact amount come back to their last digit."""
    paid = [Transaction(amount=amount) for amount in ("0", "0.00000001", "999999999999999999.99999999")]
    kept = archive.find(archive.record(*paid), "transaction", CHAINED_WITHIN_SECONDS).transactions
    assert [Decimal(one["amount"]) for one in kept] == [Decimal(one.amount) for one in paid]


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


@prefetch(questions.RETENTION)
@requirement("A6-7-2-transactions")
def test_transactions_are_kept_long_enough(store: Host, bound):
    """The archive keeps transactions for the bound's days at the least, and refuses to let them go a day sooner."""
    kept = store.ask(questions.RETENTION)
    assert bound("transaction_retention_days").allows(kept.days), f"{kept.days} days"
    assert kept.refuses_less, "it lets them go sooner"
