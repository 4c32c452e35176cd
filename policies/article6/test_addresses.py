"""Article 6 clause 7-2: users' addresses are kept for six months, and tell who used them."""

import secrets
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address
from itertools import combinations

import pytest
from psycopg.types.json import Jsonb

from amanat.audit import prefetch, requirement
from amanat.audit.archive import (
    CHAINED_WITHIN_SECONDS,
    CLIENTS,
    FETCH,
    RECORD_ACCESS,
    REQUEST,
    Access,
    made_up_order,
    marker,
)
from amanat.audit.host import Host
from amanat_host import questions

INVALID = "22023"
OUT_OF_RANGE = "22008"
NOT_ALLOWED = "42501"
NOW = datetime.now(UTC)
LEAST_EVENTS = {"login", "logout", "send", "verify", "view", "api", "support"}
# What an order may name together; of all that it could, nothing else is answered. An address without a port may be many
# users', so nothing that tells records apart without naming a user stands beside it.
TOGETHER = {
    *(frozenset({"parties"}), frozenset({"ids"}), frozenset({"parties", "ids"})),
    *(
        frozenset({"ip"}),
        frozenset({"ip", "port"}),
        frozenset({"ip", "parties"}),
        frozenset({"ip", "port", "parties"}),
    ),
    *(frozenset({"ip", "accounts"}), frozenset({"ip", "port", "accounts"})),
}
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def address():
    """An address of the range for documentation that nobody else uses."""
    return str(IPv6Address("2001:db8::") + secrets.randbits(64))


def second_of(moment):
    """The span of the second in which something happened."""
    starts = moment.replace(microsecond=0)
    return {"from": starts.isoformat(), "until": (starts + timedelta(seconds=1)).isoformat()}


def around(moment):
    """The span of an hour before and after."""
    hour = timedelta(hours=1)
    return {"from": (moment - hour).isoformat(), "until": (moment + hour).isoformat()}


def asked(**selector):
    """A selector of access records."""
    return {"record": "access", **around(datetime.now(UTC)), **selector}


@requirement("A6-7-2-ip")
@pytest.mark.parametrize("client_ip", ["198.51.100.23", "2001:db8::23"], ids=["v4", "v6"])
def test_an_access_is_kept_as_it_happened(archive, client_ip):
    """Account, event, outcome, address, source port, time, user agent and request are read back unchanged."""
    made = Access(client_ip=client_ip, client_port=65535, outcome="failure", user_agent="Mozilla/5.0 (نمونه)")
    (kept,) = archive.find(archive.record(made), "access", CHAINED_WITHIN_SECONDS).accesses
    same = ("account", "event", "outcome", "client_ip", "client_port", "user_agent", "request_id")
    assert {name: kept[name] for name in same} == {name: getattr(made, name) for name in same}
    assert datetime.fromisoformat(kept["occurred_at"]) == made.occurred_at


@requirement("A6-7-2-ip")
@pytest.mark.parametrize(
    "wrong",
    [
        *({"account": ""}, {"account": "a\nb"}, {"event": "login\n"}, {"event": "LOGIN"}),
        *({"event": "amanat_audit_unknown"}, {"outcome": "maybe"}, {"outcome": ""}),
        *({"user_agent": "a\r\nb"}, {"user_agent": "a\x1b[2J"}, {"user_agent": "\u202eagent"}),
        *({"request_id": ""}, {"request_id": "a b"}, {"request_id": "a\n"}),
        *({name: None} for name in ("account", "event", "outcome", "client_ip", "client_port")),
    ],
    ids=lambda wrong: "-".join(f"{name}-{value!a}" for name, value in wrong.items()),
)
def test_an_access_that_could_not_be_traced_is_refused(store, client, wrong):
    """Without an account, event, outcome, address or source port, or with signs that mislead a reader, none is kept."""
    with client.login(store, "archive_writer") as writer:
        assert writer.refusal(RECORD_ACCESS, Access(**wrong).parameters()) == INVALID


@requirement("A6-7-2-ip")
@pytest.mark.parametrize(
    ("at", "beyond", "said"),
    [
        pytest.param({"client_port": 1}, {"client_port": 0}, INVALID, id="first-port"),
        pytest.param({"client_port": 65535}, {"client_port": 65536}, INVALID, id="last-port"),
        pytest.param({"client_ip": "192.0.2.7/32"}, {"client_ip": "192.0.2.0/24"}, INVALID, id="v4-address"),
        pytest.param(
            {"client_ip": "2001:db8::7/128"}, {"client_ip": "2001:db8::/64"}, INVALID, id="v6-address"
        ),
        pytest.param({"client_ip": "223.255.255.255"}, {"client_ip": "224.0.0.1"}, INVALID, id="group"),
        pytest.param({"client_ip": "::1"}, {"client_ip": "::"}, INVALID, id="unspecified"),
        pytest.param({"account": "x" * 255}, {"account": "x" * 256}, INVALID, id="account"),
        pytest.param({"user_agent": "x" * 512}, {"user_agent": "x" * 513}, INVALID, id="user-agent"),
        pytest.param({"request_id": "x" * 128}, {"request_id": "x" * 129}, INVALID, id="request"),
        pytest.param({"user_agent": None, "request_id": None}, {"account": None}, INVALID, id="least"),
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
        pytest.param({"occurred_at": NOW}, {"occurred_at": None}, OUT_OF_RANGE, id="time"),
    ],
)
def test_an_access_is_taken_up_to_the_bound_and_not_beyond(store, client, at, beyond, said):
    """What lies at the edge of the allowed is kept; the next beyond it is refused."""
    with client.login(store, "archive_writer") as writer:
        answers = [writer.refusal(RECORD_ACCESS, Access(**one).parameters()) for one in (at, beyond)]
    assert answers == ["", said]


@requirement("A6-7-2-ip")
def test_the_usual_events_can_be_recorded(store, client):
    """The list is open, and has what an operator's software tells of at the least."""
    with client.login(store, "archive_auditor") as auditor:
        there = {name for (name,) in auditor.rows("SELECT name FROM archive.access_event")}
    assert there >= LEAST_EVENTS


@requirement("A6-7-2-ip")
@pytest.mark.parametrize("role", CLIENTS)
def test_a_kept_access_stays_and_is_nobodys_to_read(store, client, role):
    """No role of the operator's or an auditor's can change, remove, forge or look through access records."""
    today = f"archive.access_{datetime.now(UTC):%Y_%m_%d}"
    with client.login(store, role) as session:
        for table in ("archive.access", today):
            for change in (
                f"UPDATE {table} SET client_port = 1",
                f"DELETE FROM {table}",
                f"TRUNCATE {table}",
                f"INSERT INTO {table} DEFAULT VALUES",
                f"SELECT client_ip FROM {table}",  # noqa: S608 - our own names
            ):
                assert session.refusal(change) == NOT_ALLOWED, change


@requirement("A6-7-2-ip")
def test_access_records_have_one_door_in_and_one_out(store, client):
    """By the catalogue: no role that logs in has a right on them; one may record, and one may ask by court order."""
    tables = """
        SELECT r.rolname, c.relname FROM pg_roles AS r, pg_class AS c
        WHERE c.relnamespace = 'archive'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname ~ '^access(_2.*)?$'
          AND r.rolcanlogin AND NOT r.rolsuper
          AND has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')
    """
    functions = """
        SELECT p.proname, r.rolname FROM pg_roles AS r, pg_proc AS p
        WHERE p.pronamespace = 'archive'::regnamespace AND r.rolcanlogin AND NOT r.rolsuper
          AND p.proname IN ('record_access', 'make_days', 'make_day', 'expire_days', 'expire_periods',
                            'set_ip_retention', 'select_access', 'add_access_event', 'check_party_selector',
                            'fetch_disclosure')
          AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
        ORDER BY p.proname, r.rolname
    """
    with client.login(store, "archive_auditor") as auditor:
        assert auditor.rows(tables) == []
        assert auditor.rows(functions) == [
            ("fetch_disclosure", "archive_discloser"),
            ("make_days", "archive_sealer"),
            ("record_access", "archive_writer"),
        ]


@requirement("A6-7-2-ip")
def test_an_address_and_port_tell_the_account_at_that_second(archive, bound):
    """Within the bound's seconds an order that names them gets that account's accesses, and no other's."""
    shared, now = address(), datetime.now(UTC).replace(microsecond=500_000)
    mine = Access(client_ip=shared, client_port=40001, occurred_at=now)
    others = [
        Access(client_ip=shared, client_port=40002, occurred_at=now),
        Access(client_ip=shared, client_port=40001, occurred_at=now - timedelta(seconds=1)),
        Access(client_ip=shared, client_port=40001, occurred_at=now + timedelta(seconds=1)),
        Access(client_ip=address(), client_port=40001, occurred_at=now),
    ]
    archive.record(mine, *others)
    selector = {"record": "access", "ip": shared, "port": "40001", **second_of(now)}
    bundle = archive.disclose(selector, bound("ip_lookup_seconds").max)
    assert [one["account"] for one in bundle.accesses] == [mine.account]
    assert bundle.parts["disclosure"][0]["accounts"] == 1


@requirement("A6-7-2-ip")
def test_an_address_without_a_port_tells_how_many_accounts_match(archive):
    """Behind a carrier's NAT it is many users': they are counted, and none is given but to an order for every one."""
    shared, alone = address(), address()
    archive.record(*(Access(client_ip=shared, client_port=port) for port in (1024, 1025, 1026)))
    (single,) = archive.record(Access(client_ip=alone))
    many, one, every = archive.disclose_each(
        [asked(ip=shared), asked(ip=alone), asked(ip=shared, accounts="every")], CHAINED_WITHIN_SECONDS
    )
    assert (many.parts["disclosure"][0]["accounts"], list(many.accesses)) == (3, [])
    assert [kept["id"] for kept in one.accesses] == [single]
    assert [kept["client_port"] for kept in every.accesses] == [1024, 1025, 1026]


@requirement("A6-7-2-ip")
def test_an_order_names_together_only_what_names_a_user(store, client):
    """Of all combinations of what a question may hold, those are taken that are known, and every other is refused."""
    named = {"parties": ["x"], "ids": [1], "ip": "192.0.2.7", "port": "443", "accounts": "every"}
    every = [frozenset(some) for count in range(len(named) + 1) for some in combinations(named, count)]
    orders = {some: made_up_order(asked(**{name: named[name] for name in some})) for some in every}
    with client.login(store, "archive_discloser") as discloser:
        said = {some: discloser.refusal(REQUEST, order) for some, order in orders.items()}
    answered = {" ".join(sorted(some)): sqlstate for some, sqlstate in said.items()}
    assert answered == {" ".join(sorted(some)): "" if some in TOGETHER else INVALID for some in every}


@requirement("A6-7-2-ip")
def test_an_account_tells_its_addresses_and_ports(archive):
    """Of an account in whatever digits, each address and port that used it comes back, v4 in v6 form as v4."""
    number = f"+98912{secrets.randbelow(10**10):010}"
    archive.record(
        Access(account=number, client_ip="203.0.113.9", client_port=1),
        Access(account=number.translate(PERSIAN), client_ip="2001:db8::9", client_port=65535),
        Access(account=number, client_ip="::ffff:203.0.113.10", client_port=2),
    )
    kept = archive.disclose(asked(parties=[number.translate(PERSIAN)]), CHAINED_WITHIN_SECONDS).accesses
    assert [(one["client_ip"], one["client_port"]) for one in kept] == [
        ("203.0.113.9", 1),
        ("2001:db8::9", 65535),
        ("203.0.113.10", 2),
    ]


@requirement("A6-7-2-ip")
def test_a_question_that_is_not_narrow_is_refused(store, client, bound):
    """No networks, patterns or lists of addresses, no port alone, no time without end."""
    longest = timedelta(days=bound("ip_retention_days").min)
    wide = {"from": (NOW - longest).isoformat(), "until": NOW.isoformat()}
    wrong = [
        *(asked(), asked(port="443"), asked(ip=""), asked(ip="%"), asked(ip=None), asked(ip=["192.0.2.7"])),
        *(asked(ip="192.0.2.0/24"), asked(ip="0.0.0.0/0"), asked(ip="::/0"), asked(ip="224.0.0.1")),  # noqa: S104
        *(
            asked(ip="192.0.2.7", port=port)
            for port in ("0", "65536", "", "%", "4040x", None, ["1"], "00443")
        ),
        *(asked(ip="192.0.2.7", accounts=word) for word in ("some", "", ["every"], None)),
        *(asked(ip="192.0.2.7", parties=[]), asked(ip="192.0.2.7", channels=["sms"]), asked(parties=["%\n"])),
        *(
            asked(ip="192.0.2.7", **wide),
            asked(parties=["x"], **wide),
            asked(account="x"),
            asked(address="192.0.2.7"),
        ),
        {**asked(ip="192.0.2.7"), "record": "message"},
        {**asked(parties=["x"], port="443"), "record": "transaction"},
    ]
    with client.login(store, "archive_discloser") as discloser:
        orders = {str(one): (REQUEST, made_up_order(one)) for one in wrong}
        assert discloser.refused_otherwise(INVALID, orders) == {}


@requirement("A6-7-2-ip")
@pytest.mark.parametrize("role", ["archive_writer", "archive_auditor"])
def test_only_the_discloser_asks_for_addresses(store, client, role):
    """Neither who records nor who audits can ask who used an address."""
    order = (marker("order"), NOW.date() - timedelta(days=1), "Amanat audit", Jsonb(asked(ip="192.0.2.7")))
    with client.login(store, role) as session:
        assert session.refusal(REQUEST, order) == NOT_ALLOWED
        assert session.refusal(FETCH, (1,)) == NOT_ALLOWED
        assert (
            session.refusal("SELECT archive.select_access(%s)", (Jsonb(asked(ip="192.0.2.7")),))
            == NOT_ALLOWED
        )


@requirement("A6-7-2-ip")
def test_a_question_leaves_its_record_without_the_address(store, client, archive):
    """That somebody was asked about is on record for the auditor, whose address it was is not."""
    asked_about = address()
    archive.record(Access(client_ip=asked_about, client_port=40003))
    told = archive.disclose(asked(ip=asked_about, port="40003"), CHAINED_WITHIN_SECONDS).parts["disclosure"][
        0
    ]
    with client.login(store, "archive_auditor") as auditor:
        ((selector, records),) = auditor.rows(
            "SELECT selector, records FROM archive.disclosures WHERE id = %s", (told["id"],)
        )
    assert (selector["record"], records) == ("access", 1)
    assert selector.keys() == {"record", "from", "until"}


@prefetch(questions.ADDRESS_RETENTION)
@requirement("A6-7-2-ip")
def test_addresses_are_kept_for_six_months(store: Host, bound):
    """The archive keeps addresses for the law's days at the least, and refuses to let them go a day sooner."""
    kept = store.ask(questions.ADDRESS_RETENTION)
    assert bound("ip_retention_days").allows(kept.days), f"{kept.days} days"
    assert kept.refuses_less, "it lets them go sooner"
