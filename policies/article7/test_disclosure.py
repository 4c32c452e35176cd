"""Article 7: users' information goes to other authorities by court order only."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from psycopg.types.json import Jsonb

from amanat.audit import requirement
from amanat.audit.archive import (
    APPROVER,
    CHAINED_WITHIN_SECONDS,
    FETCH,
    RECORD_MESSAGE,
    RECORD_TRANSACTION,
    REQUEST,
    Message,
    Transaction,
    marker,
)
from amanat.audit.waiting import wait_until

INVALID = "22023"
NOT_ALLOWED = "42501"
NOT_CHAINED_YET = "55000"
FETCHING_SECONDS = 3  # longer than a request takes to be chained
TRIES = 5  # the first may write whole pages
FETCHES = 3
RECORDED_WITHIN_SECONDS = 15  # PostgreSQL's counters come by and by
MOST_PARTIES, MOST_IDS = 20, 10_000
OLDEST_ORDER_DAYS = 1826
RECORDS = ("message", "transaction")
NOBODY: tuple[object, ...] = (
    "%",
    "",
    None,
    {},
    True,
    [],
    [None],
    [""],
    [" "],
    [["x"]],
    [{"like": "%"}],
    [1],
    [True],
)
NOTHING: tuple[object, ...] = (
    *("%", "", None, {}, [], [None], ["%"], ["*"], [""], [-1], [1.5]),
    *(["1 OR 1=1"], ["0x1"], [[1]], [True]),
)
NO_TIMES: tuple[object, ...] = (None, "infinity", "%", "", [])
NO_NARROWING: tuple[Any, ...] = (
    *({"direction": "%"}, {"direction": ""}, {"direction": "IN"}, {"direction": ["in", "out"]}),
    *({"channels": "%"}, {"channels": ""}, {"channels": None}, {"channels": []}, {"channels": [None]}),
)
NO_SELECTORS: tuple[object, ...] = ([], "%", None)
DIGITS = ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩", "".join(chr(0xFF10 + digit) for digit in range(10)))
INVISIBLE = {
    "zero-width": "\u200b",
    "non-joiner": "\u200c",
    "mark-of-direction": "\u200f",
    "override": "\u202e",
    "isolate": "\u2066",
    "blank-of-another-kind": "\u00a0",
    "filler": "\u3164",
    "tag": "\U000e0031",
    "end-of-line": "\n",
}


def order(**changes):
    """A complete request, with single parts replaced."""
    now = datetime.now(UTC)
    whole = {
        "number": marker("order"),
        "date": now.date() - timedelta(days=1),
        "approver": APPROVER,
        "selector": {
            "parties": [marker("party")],
            "from": (now - timedelta(hours=1)).isoformat(),
            "until": now.isoformat(),
        },
    } | changes
    return whole["number"], whole["date"], whole["approver"], Jsonb(whole["selector"])


def soon():
    """An hour ahead."""
    return (datetime.now(UTC) + timedelta(hours=1)).isoformat()


def span(days):
    """A selector of one party over some days."""
    now = datetime.now(UTC)
    return {"parties": ["x"], "from": (now - timedelta(days=days)).isoformat(), "until": now.isoformat()}


@requirement("A7-disclosure")
@pytest.mark.parametrize(
    "lacking",
    [
        pytest.param(lacking, id=name)  # an id never holds the day: an audit may go past midnight
        for name, lacking in {
            "number-empty": {"number": ""},
            "no-number": {"number": None},
            "no-date": {"date": None},
            "date-ahead": {"date": datetime.now(UTC).date() + timedelta(days=7)},
            "approver-empty": {"approver": ""},
            "no-approver": {"approver": None},
            "selector-empty": {"selector": {}},
            "parties-empty": {"selector": {**span(1), "parties": []}},
            "no-parties": {"selector": {key: value for key, value in span(1).items() if key != "parties"}},
            "too-long": {"selector": span(400)},
            "unknown-key": {"selector": {**span(1), "everything": True}},
            # A few bytes that are a hundred thousand digits when they are written out, as for the chain they are.
            "endless-number": {"selector": {**span(1), "channels": [10**300]}},
            "endless-text": {"selector": {**span(1), "channels": ["x" * 100_000]}},
            "invisible": {"selector": {**span(1), "parties": ["+98\u202e12"]}},
            "approver-turned": {"approver": "\u202eAudit"},
        }.items()
    ],
)
def test_a_request_that_lacks_something_is_refused(store, client, lacking):
    """Without order number, date, approver, or with a selector that isn't narrow, nothing is disclosed."""
    with client.login(store, "archive_discloser") as discloser:
        assert discloser.refusal(REQUEST, order(**lacking)) == INVALID


def today(days=0):
    """The calendar day in Iran, by which court orders are dated, some days on."""
    return (datetime.now(ZoneInfo("Asia/Tehran")) + timedelta(days=days)).date()


def window(record, **changes):
    """A selector of a kind of record, of a party in a week of its own, with single parts replaced or left out (...)."""
    starts = datetime(2026, 1, 1, tzinfo=UTC)
    until = starts + timedelta(days=7)
    whole = {
        "record": record,
        "parties": ["x"],
        "from": starts.isoformat(),
        "until": until.isoformat(),
    } | changes
    return {name: value for name, value in whole.items() if value is not ...}


@requirement("A7-disclosure")
@pytest.mark.parametrize("record", RECORDS)
def test_the_longest_time_of_a_disclosure_is_the_bounds(store, client, bound, record):
    """A selector over as many days as the bound allows is taken; over a microsecond more it is refused."""
    days = bound("disclosure_window_days").max
    starts = datetime(2026, 1, 1, tzinfo=UTC)
    ends = [starts + timedelta(days=days), starts + timedelta(days=days, microseconds=1)]
    with client.login(store, "archive_discloser") as discloser:
        said = [
            discloser.refusal(REQUEST, order(selector=window(record, until=until.isoformat())))
            for until in ends
        ]
    assert said == ["", INVALID]


@requirement("A7-disclosure")
@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize(
    ("at", "beyond"),
    [
        pytest.param({"number": "123"}, {"number": "12"}, id="short-number"),
        pytest.param({"number": "1" * 64}, {"number": "1" * 65}, id="long-number"),
        pytest.param({"approver": "Ali"}, {"approver": "Al"}, id="short-approver"),
        pytest.param({"approver": "A" * 100}, {"approver": "A" * 101}, id="long-approver"),
        pytest.param(
            {"date": 0}, {"date": 2}, id="newest-order"
        ),  # a day more: an audit may go past midnight
        pytest.param({"date": 1 - OLDEST_ORDER_DAYS}, {"date": -1 - OLDEST_ORDER_DAYS}, id="oldest-order"),
        pytest.param(
            {"parties": [str(one) for one in range(MOST_PARTIES)]},
            {"parties": [str(one) for one in range(MOST_PARTIES + 1)]},
            id="parties",
        ),
        pytest.param({"parties": ["x" * 255]}, {"parties": ["x" * 256]}, id="party"),
        pytest.param(
            {"parties": ..., "ids": list(range(MOST_IDS))},
            {"parties": ..., "ids": list(range(MOST_IDS + 1))},
            id="ids",
        ),
        pytest.param({"ids": [10**18 - 1]}, {"ids": [10**18]}, id="id"),
    ],
)
def test_a_request_is_taken_up_to_the_bound_and_not_beyond(store, client, record, at, beyond):
    """What lies at the edge of the allowed is taken, for messages and transactions; the next beyond it is refused."""

    def asked(changes):
        orders = {name: changes[name] for name in ("number", "approver") if name in changes}
        orders |= {"date": today(changes["date"])} if "date" in changes else {}
        chosen = {name: changes[name] for name in ("parties", "ids") if name in changes}
        return order(**orders, selector=window(record, **chosen))

    with client.login(store, "archive_discloser") as discloser:
        said = [discloser.refusal(REQUEST, asked(changes)) for changes in (at, beyond)]
    assert said == ["", INVALID]


@requirement("A7-disclosure")
@pytest.mark.parametrize("record", RECORDS)
def test_a_selector_that_names_nobody_is_refused(store, client, record):
    """Neither a pattern for a list, nor nothing, null, lists in lists or objects stand for a party or record."""
    selectors = [window(record, parties=one) for one in NOBODY]
    selectors += [window(record, parties=..., ids=one) for one in NOTHING]
    selectors += [window(record, **{name: one}) for name in ("from", "until") for one in NO_TIMES]
    selectors += [window(one) for one in ("%", "", "Message", "any", "message,transaction")]
    selectors += [window("message", **one) for one in NO_NARROWING]
    selectors += [window("transaction", direction="in"), window("transaction", channels=["sms"])]
    with client.login(store, "archive_discloser") as discloser:
        orders = {str(one): (REQUEST, order(selector=one)) for one in (*selectors, *NO_SELECTORS)}
        assert discloser.refused_otherwise(INVALID, orders) == {}


def resembling(name):
    """Patterns and near misses of a party, as many as a selector may name."""
    return [
        *("%", "_", "*", "?", ".", ".*", ".+", "[a-z]*", "amanat-audit-%", "\\%"),
        *(f"{name[:-4]}%", f"%{name[4:]}", f"{name[:-1]}_", f"{name[:-1]}?", f"{name}*"),
        *(name[:-1], name[1:], f"{name}x", name.upper(), f'{{"{name}"}}'),
    ]


@pytest.mark.slow
@requirement("A7-disclosure")
def test_a_selector_selects_no_more_than_it_names(archive):
    """Patterns, parts and other spellings of a party find nothing; each condition narrows the others."""
    message, paid = Message(), Transaction()
    said, bought = archive.record(message), archive.record(paid)
    around = {"from": span(1)["from"], "until": soon()}
    transaction = {"record": "transaction", **around}
    named = [
        {"parties": [message.origin], **around},
        {"parties": [message.destination], "ids": said, "channels": ["sms"], "direction": "in", **around},
        {"parties": [paid.user_ref], **transaction},
        {"parties": [paid.user_ref], "ids": bought, **transaction},
    ]
    resembled = [
        {"parties": resembling(message.origin), **around},
        {"parties": resembling(message.destination), "ids": said, **around},
        {"parties": [message.origin], "channels": ["%", "_ms", "s*", "SMS", "", "voice"], **around},
        {"parties": [message.origin], "direction": "out", **around},
        {"parties": [message.content, paid.user_ref], **around},
        {"parties": resembling(paid.user_ref), **transaction},
        {"parties": resembling(paid.user_ref), "ids": bought, **transaction},
        {"parties": [paid.reference, message.origin], **transaction},
        {"parties": ["x"], "ids": bought, **transaction},
    ]
    bundles = archive.disclose_each([*named, *resembled], CHAINED_WITHIN_SECONDS)
    found = [[one["id"] for one in (*bundle.messages, *bundle.transactions)] for bundle in bundles]
    assert found[: len(named)] == [said, said, bought, bought]
    assert {str(one): ids for one, ids in zip(resembled, found[len(named) :], strict=True) if ids} == {}
    # By the moment it was recorded: from it on, and not up to it.
    [kept], [stored] = bundles[0].messages, bundles[2].transactions
    moments = [("message", message.origin, kept), ("transaction", paid.user_ref, stored)]
    edges = [
        {"record": record, "parties": [party], "from": starts, "until": ends}
        for record, party, one in moments
        for starts, ends in ((one["recorded_at"], soon()), (span(1)["from"], one["recorded_at"]))
    ]
    given = archive.disclose_each(edges, CHAINED_WITHIN_SECONDS)
    counts = [len(bundle.messages) + len(bundle.transactions) for bundle in given]
    assert counts == [1, 0, 1, 0], "from is when it begins, until is when it is over"


@pytest.mark.slow
@requirement("A7-disclosure")
def test_each_fetch_leaves_its_record(store, client, archive):
    """However often a disclosure is handed out: each time an event is written, and the request stays on record once."""
    told = archive.find(archive.record(Message()), "message", CHAINED_WITHIN_SECONDS).parts["disclosure"][0]
    request = told["id"]
    events = "SELECT n_tup_ins FROM pg_stat_all_tables WHERE schemaname = 'archive' AND relname = 'event'"
    with client.login(store, "archive_auditor") as auditor:
        before = auditor.value(events)
        with client.login(store, "archive_discloser", fresh=True) as discloser:
            written = []
            for _ in range(TRIES):
                plan = discloser.value(f"EXPLAIN (ANALYZE, WAL, FORMAT JSON) {FETCH}", (request,))[0]["Plan"]
                written.append(plan["WAL Records"])
                assert plan["Actual Rows"] > 0, "nothing was handed out"
            for _ in range(FETCHES):
                assert discloser.ask(FETCH, (request,)).rows
        assert min(written) > 0, "records were handed out, and nothing was written"
        # At the end of the session, its counters are there.
        assert wait_until(lambda: auditor.value(events) - before >= TRIES + FETCHES, RECORDED_WITHIN_SECONDS)
        kept = "SELECT id FROM archive.disclosures WHERE order_number = %s"
        assert auditor.rows(kept, (told["order_number"],)) == [(request,)]


@requirement("A7-disclosure")
def test_one_disclosure_spans_no_more_than_the_bound(store, client, bound):
    """A request for as many days as the bound is taken, one for a second more is refused; none is kept."""
    longest = timedelta(days=bound("disclosure_window_days").max)
    with client.login(store, "archive_discloser", fresh=True) as discloser:
        for window, sqlstate in ((longest, ""), (longest + timedelta(seconds=1), INVALID)):
            asked = order(selector=span(window / timedelta(days=1)))
            answers = discloser.sequence("BEGIN", (REQUEST, asked))
            discloser.sequence("ROLLBACK")
            assert answers[-1].sqlstate == sqlstate, f"{window}: {answers[-1].message or 'taken'}"


@requirement("A7-disclosure")
@pytest.mark.parametrize("role", ["archive_writer", "archive_auditor"])
def test_everyday_roles_cannot_disclose(store, client, role):
    """Neither step of a disclosure is open to the roles that write or audit."""
    with client.login(store, role) as session:
        assert session.refusal(REQUEST, order()) == NOT_ALLOWED
        assert session.refusal(FETCH, (1,)) == NOT_ALLOWED


@requirement("A7-disclosure")
def test_only_the_discloser_may_call_a_function_that_hands_out_records(store, client):
    """The catalog lets no other role execute what could give content away."""
    query = """
        SELECT r.rolname, p.proname FROM pg_proc AS p, pg_roles AS r
        WHERE p.pronamespace = 'archive'::regnamespace AND p.proname ~ 'disclos|fetch|decrypt|open'
          AND r.rolcanlogin AND NOT r.rolsuper AND r.rolname <> 'archive_discloser'
          AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
    """
    with client.login(store, "archive_auditor") as auditor:
        assert auditor.rows(query) == []


@requirement("A7-disclosure")
def test_nothing_is_handed_out_before_the_request_is_on_record(store, client):
    """A request that its author could still roll back gives no record away."""
    both = "SELECT * FROM archive.fetch_disclosure((" + REQUEST + "))"
    with client.login(store, "archive_discloser") as discloser:
        assert discloser.refusal(both, order()) == NOT_CHAINED_YET


@requirement("A7-disclosure")
def test_a_number_is_found_in_whatever_digits_it_came(archive):
    """A number that was recorded in Persian or Arabic digits is disclosed to an order that names it in Latin ones."""
    number = "".join(str(secrets.randbelow(10)) for _ in range(15))
    came = [number.translate(str.maketrans("0123456789", digits)) for digits in DIGITS]
    numbers = archive.record(*(Message(origin=f"+{party}") for party in (number, *came)))
    bundle = archive.disclose({**span(1), "parties": [f"+{number}"], "until": soon()}, CHAINED_WITHIN_SECONDS)
    assert [one["id"] for one in bundle.messages] == numbers


@requirement("A7-disclosure")
@pytest.mark.parametrize("mark", INVISIBLE.values(), ids=INVISIBLE)
def test_a_party_that_misleads_its_reader_is_refused(store, client, mark):
    """What nobody sees, or what turns the text around it, is no part of a number or address."""
    with client.login(store, "archive_writer") as writer:
        misleading = f"+98{mark}912"
        for message in (Message(origin=misleading), Message(destination=misleading)):
            assert writer.refusal(RECORD_MESSAGE, message.parameters()) == INVALID
        paid = Transaction(user_ref=misleading)
        assert writer.refusal(RECORD_TRANSACTION, paid.parameters()) == INVALID


@requirement("A7-disclosure")
def test_a_request_that_is_taken_back_has_told_nothing(store, client, archive):
    """Not even by what the server writes: asking for a party with messages looks like asking for nobody."""
    message = Message()
    archive.record(message)
    nobody = "n" * len(message.origin)
    written = {}
    with client.login(store, "archive_discloser") as discloser:

        def once(asked):
            plan = discloser.sequence("BEGIN", (f"EXPLAIN (ANALYZE, WAL, FORMAT JSON) {REQUEST}", asked))[-1]
            discloser.sequence("ROLLBACK")
            return plan.rows[0][0][0]["Plan"]["WAL Bytes"]

        for party in (nobody, message.origin):
            asked = order(number="amanat-audit", selector={**span(1), "parties": [party]})
            written[party] = min(once(asked) for _ in range(TRIES))
    assert written[message.origin] == written[nobody] > 0


@requirement("A7-disclosure")
def test_what_is_handed_out_is_on_record_first(store, client, archive):
    """Whoever fetches in a transaction that is taken back got nothing, or has left the ids that it was given."""
    number = archive.record(Message())
    now = datetime.now(UTC)
    asked = order(
        selector={"ids": number, "from": span(1)["from"], "until": (now + timedelta(hours=1)).isoformat()}
    )
    counted = "SELECT records FROM archive.disclosures WHERE id = %s"
    with client.login(store, "archive_discloser") as discloser:
        request = int(discloser.value(REQUEST, asked))

        def given():
            answers = discloser.sequence("BEGIN", (FETCH, (request,)))
            discloser.sequence("ROLLBACK")
            assert answers[-1].sqlstate in ("", NOT_CHAINED_YET), answers[-1].message
            return answers[-1].rows

        assert not wait_until(given, FETCHING_SECONDS), "records in a transaction that leaves no trace"
        assert wait_until(lambda: discloser.ask(FETCH, (request,)).rows, CHAINED_WITHIN_SECONDS)
        assert given()
        with client.login(store, "archive_auditor") as auditor:
            assert auditor.value(counted, (request,)) == len(number)


@requirement("A7-disclosure")
def test_a_disclosure_leaves_its_own_record(store, client, archive, bound):
    """The order's number, date, approver and selector are on record for the auditor, once, and chained."""
    bundle = archive.find(archive.record(Message()), "message", CHAINED_WITHIN_SECONDS)
    told = bundle.parts["disclosure"][0]
    with client.login(store, "archive_auditor") as auditor:
        # By this order's own number: others may disclose meanwhile.
        kept = auditor.rows(
            "SELECT id, approver FROM archive.disclosures WHERE order_number = %s", (told["order_number"],)
        )
    assert kept == [(told["id"], told["approver"])]
    assert set(bound("disclosure_fields").includes) <= told.keys()
    assert bundle.parts["seal"][0]["hash"]


@requirement("A7-disclosure")
def test_a_disclosure_gives_what_the_order_names_and_no_more(archive):
    """Of two messages of one minute, only the named party's is handed out, and the key opens it."""
    asked, other = Message(), Message()
    numbers = archive.record(asked, other)
    now = datetime.now(UTC)
    selector = {
        "parties": [asked.origin],
        "from": (now - timedelta(hours=1)).isoformat(),
        "until": (now + timedelta(hours=1)).isoformat(),
    }
    bundle = archive.disclose(selector, CHAINED_WITHIN_SECONDS)
    assert archive.open(bundle) == {numbers[0]: asked.content}


@requirement("A7-disclosure")
def test_a_disclosure_hands_out_sealed_content(archive):
    """What leaves the server is ciphertext: only the holder of the private key reads it."""
    message = Message()
    bundle = archive.find(archive.record(message), "message", CHAINED_WITHIN_SECONDS)
    assert message.content not in str(bundle.parts)
    assert bundle.parts["data_key"]


@requirement("A7-disclosure")
def test_no_role_opens_sealed_content_on_the_server(store, client):
    """No role that logs in can use a function that opens sealed content."""
    query = """
        SELECT r.rolname, p.proname FROM pg_proc AS p, pg_roles AS r
        WHERE p.proname ~ '^pgp_(pub|sym)_decrypt' AND r.rolcanlogin AND NOT r.rolsuper
          AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
          AND has_schema_privilege(r.oid, p.pronamespace, 'USAGE')
    """
    with client.login(store, "archive_auditor") as auditor:
        assert auditor.rows(query) == []
