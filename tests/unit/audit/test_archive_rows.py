"""What the archive's events come to, row by row, and what is told of a row that doesn't follow from them."""

import json

import pytest

from amanat.audit.archive_rows import by_function, differences, month_name

FOUND = {
    "retention_days": 366,
    "clock_offset": 0,
    "pepper": "p" * 64,
    "from": 24322,
    "until": 24324,
    "channels": {name: name.title() for name in ("sms", "voice", "push", "email", "ussd")},
    "means": {name: name.title() for name in ("rial_card", "wallet", "national_digital_currency")},
    "sealing_keys": {"1": "k1"},
}
ROWS = {
    "retention": "366 days",
    "clock offset": "0",
    "pepper": "p" * 64,
    "partitions": "2026-11 to 2027-01",
    "months of message": "2026-11 2026-12",
    "months of transaction": "2026-11 2026-12",
    **{f"channel {name}": text for name, text in FOUND["channels"].items()},
    **{f"means {name}": text for name, text in FOUND["means"].items()},
    "sealing key 1": "k1",
    "rows of machine": "1",
    "rows of access_days": "1",
    "rows of sealing_turn": "1",
}
MACHINE = {
    "only_row": True,
    "pepper": "p" * 64,
    "clock_offset": 0,
    "partitions_from": "2026-11-01T00:00:00+00:00",
    "partitions_until": "2027-01-01T00:00:00+00:00",
    "message_retention_days": 366,
}


def events(*kinds_details, at="2026-11-27T08:00:00Z"):
    return [
        {"id": number, "at": at, "kind": kind, "detail": detail, "by": "postgres"}
        for number, (kind, detail) in enumerate(kinds_details, 1)
    ]


def found(**other):
    return ("state found", FOUND | other)


def row(table, before, after):
    return ("row", {"table": table, "before": before, "after": after})


def machine(**after):
    return row("machine", MACHINE, MACHINE | after)


def test_a_new_archive_is_as_it_was_found():
    assert differences(ROWS, events(found())) == []


def test_what_the_functions_did_is_followed():
    done = events(
        ("retention", {"before_days": 366, "after_days": 400}),
        ("channel", {"added": "fax"}),  # as functions wrote before
        ("clock", {"advanced_by": 5, "reason": "a logical restore"}),
        found(retention_days=400, clock_offset=5, channels=FOUND["channels"] | {"fax": "Telefax"}),
        machine(message_retention_days=500, clock_offset=5),
        ("retention", {"before_days": 400, "after_days": 500}),
        row("means", None, {"name": "voucher", "description": "Voucher"}),
        ("means", {"added": "voucher", "description": "Voucher"}),
        row("sealing_key", None, {"id": 2, "xact": 9, "key": "k2"}),
        ("sealing key", {"added": 2, "sha256": "k2"}),
        machine(message_retention_days=500, clock_offset=5, partitions_until="2027-03-01T00:00:00+00:00"),
        ("partitions", {"from": 24322, "until": 24326}),
        ("expiry", {"expired": "m:24322", "partition": "message_2026_11"}),
        ("expiry", {"expired": "t:24322", "partition": "transaction_2026_11"}),
        machine(
            message_retention_days=500,
            clock_offset=5,
            partitions_from="2026-12-01T00:00:00+00:00",
            partitions_until="2027-03-01T00:00:00+00:00",
        ),
        at="2028-04-14T00:00:00+00:00",  # 500 days after the end of November 2026
    )
    rows = ROWS | {
        "retention": "500 days",
        "clock offset": "5",
        "channel fax": "Telefax",
        "means voucher": "Voucher",
        "sealing key 2": "k2",
        "partitions": "2026-12 to 2027-03",
        "months of message": "2026-12 2027-01 2027-02",
        "months of transaction": "2026-12 2027-01 2027-02",
    }
    assert differences(rows, done) == []


ACCESS_DAYS = {
    "only_row": True,
    "days_from": "2026-11-26T00:00:00+00:00",
    "days_until": "2026-11-26T00:00:00+00:00",
    "ip_retention_days": 190,
}
LOGIN = {"name": "login", "description": "Signed in"}


def access_days(before=(), **after):
    return row("access_days", ACCESS_DAYS | dict(before), ACCESS_DAYS | after)


def with_access(*others, **options):
    """Events of an archive that has had access records for two days."""
    return events(
        found(),
        row("access_event", None, LOGIN),
        ("access event", {"added": "login", "description": "Signed in"}),
        row("access_days", None, ACCESS_DAYS),
        access_days(days_until="2026-11-28T00:00:00+00:00"),
        ("days", {"from": 9826, "until": 9828}),
        *others,
        **options,
    )


ACCESS_ROWS = ROWS | {
    "access event login": "Signed in",
    "ip retention": "190 days",
    "days": "2026-11-26 to 2026-11-28",
    "days of access": "2026-11-26 2026-11-27",
}


def test_days_of_access_records_are_followed():
    assert differences(ACCESS_ROWS, with_access()) == []
    gone = access_days(days_from="2026-11-27T00:00:00+00:00", days_until="2026-11-28T00:00:00+00:00")
    expiry = ("expiry", {"expired": "a:9826", "partition": "access_2026_11_26"})
    done = with_access(gone, expiry, at="2027-06-05T00:00:00+00:00")
    left = {"days": "2026-11-27 to 2026-11-28", "days of access": "2026-11-27"}
    assert differences(ACCESS_ROWS | left, done) == []
    (told, *_) = differences(ACCESS_ROWS | left, with_access(gone, expiry, at="2027-06-04T23:59:59+00:00"))
    assert "2026-11-26 had ended 189 days before, and records were kept for 190" in told


@pytest.mark.parametrize("item", sorted(ACCESS_ROWS.keys() - ROWS.keys()))
def test_any_row_of_access_records_that_is_otherwise_is_told(item):
    (told, *_) = differences(ACCESS_ROWS | {item: "otherwise"}, with_access())
    assert told.startswith(f"{item} is `otherwise`")


def test_a_shorter_retention_of_addresses_by_hand_is_told():
    by_hand = access_days(
        {"days_until": "2026-11-28T00:00:00+00:00"},
        days_until="2026-11-28T00:00:00+00:00",
        ip_retention_days=186,
    )
    (told,) = differences(ACCESS_ROWS | {"ip retention": "186 days"}, with_access(by_hand))
    assert told.startswith(
        "ip retention is `186 days`, and by the functions' events `190 days`; last change of access_days"
    )


def test_days_only_come_to_those_that_are_there():
    _, faults = by_function(with_access(("days", {"from": 9827, "until": 9829})))
    assert "days only come to those that are there" in faults[0]


@pytest.mark.parametrize("item", ROWS)
def test_any_row_that_is_otherwise_is_told(item):
    told = differences(ROWS | {item: "otherwise"}, events(found()))
    assert told
    assert all(line.startswith(f"{item} is `otherwise`") for line in told)


@pytest.mark.parametrize("item", ["channel fax", "means coin", "sealing key 2", "months of event"])
def test_a_row_more_is_told(item):
    assert differences(ROWS | {item: "x"}, events(found()))[0].startswith(
        f"{item} is `x`, and by the functions' events not there"
    )


def test_a_change_by_hand_is_told_with_its_event():
    (told,) = differences(
        ROWS | {"retention": "187 days"}, events(found(), machine(message_retention_days=187))
    )
    assert told == (
        "retention is `187 days`, and by the functions' events `366 days`;"
        " last change of machine: event 2 `row` of 2026-11-27T08:00:00Z by postgres"
    )


def test_a_change_that_is_taken_back_by_hand_is_none():
    done = events(found(), machine(message_retention_days=187), row("machine", MACHINE, MACHINE))
    assert differences(ROWS, done) == []


def test_an_event_that_is_made_up_is_told_where_no_row_was_changed_on_record():
    done = events(found(), ("retention", {"before_days": 366, "after_days": 187}))
    (told,) = differences(ROWS | {"retention": "187 days"}, done)
    assert "the trigger was off" in told


def test_a_row_that_is_gone_by_hand_and_on_record_is_told():
    rows = {item: value for item, value in ROWS.items() if item != "channel ussd"}
    gone = row("channel", {"name": "ussd", "description": "Ussd"}, None)
    (told,) = differences(rows, events(found(), gone))
    assert told.startswith("channel ussd is not there, and by the functions' events `Ussd`")


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (("retention", {"before_days": 400, "after_days": 366}), "it was 366 days before, not 400"),
        (("retention", {"before_days": 366, "after_days": 400}), "the retention was found as 366"),
        (("clock", {"advanced_by": -5}), "the clock only goes forward"),
        (("channel", {"added": "sms"}), "sms was open already"),
        (("channel", {"added": "fax"}), "the channels was found as"),
        (("sealing key", {}), "can't be: 'added'"),
        (("something", {}), "nothing writes events of this kind"),
        (found(), "the state is found once"),
        (("expiry", {"expired": "x:1"}), "can't be"),
    ],
)
def test_an_event_that_cannot_be_is_told(before, why):
    told = differences(ROWS, events(before, found()))
    assert any(why in line for line in told), told


def test_months_only_come_to_those_that_are_there():
    _, faults = by_function(events(found(), ("partitions", {"from": 24323, "until": 24324})))
    assert "months only come to those that are there" in faults[0]


def test_an_archive_without_a_beginning_is_told():
    assert differences(ROWS, [])[0].startswith("no event `state found`")


def test_months_are_counted_from_the_year_0():
    assert (month_name(24322), month_name(24323), month_name(24324)) == ("2026-11", "2026-12", "2027-01")


def test_events_are_plain_json():
    assert json.loads(json.dumps(events(found()))) == events(found())


@pytest.mark.parametrize(("day", "faults"), [("2027-12-02", 0), ("2027-12-01", 1)])
def test_a_month_that_went_a_day_too_soon_is_told(day, faults):
    gone = ("expiry", {"expired": "m:24322"})
    _, told = by_function(events(found(), gone, at=f"{day}T00:00:00+00:00"))
    assert len(told) == faults
    assert all("2026-11 had ended 365 days before, and records were kept for 366" in one for one in told)


HOLD = {
    "order_number": "1405/7",
    "approver": "A. Ahmadi",
    "selector": "5a17",
    "ends_at": "2027-03-21T00:00:00+00:00",
}
HELD = {"hold 3": "order 1405/7, approved by A. Ahmadi, selector 5a17, until 2027-03-21T00:00:00+00:00"}


def added():
    return [row("hold", None, {"id": 3, **HOLD}), ("hold", {"hold": 3, **HOLD})]


RELEASED = {"release of hold 3": "approved by B. Bahrami"}


def released(order="1405/7"):
    approved = {"hold": 3, "approver": "B. Bahrami"}
    return [row("hold_release", None, approved), ("hold released", {**approved, "order_number": order})]


def test_a_hold_follows_from_its_events_and_so_does_its_release():
    assert differences(ROWS | HELD, events(found(), *added())) == []
    assert differences(ROWS | HELD | RELEASED, events(found(), *added(), *released())) == []


def test_a_hold_that_was_removed_changed_or_added_by_hand_is_told():
    removed = differences(ROWS, events(found(), *added(), row("hold", {"id": 3, **HOLD}, None)))
    assert removed[0].startswith("hold 3 is not there, and by the functions' events `order 1405/7")
    other = {"hold 3": HELD["hold 3"].replace("2027", "2026")}
    assert len(differences(ROWS | other, events(found(), *added()))) == 2
    assert differences(ROWS | HELD, events(found(), added()[0]))
    (told,) = differences(ROWS | HELD | RELEASED, events(found(), *added(), released()[0]))
    assert told.startswith(
        "release of hold 3 is `approved by B. Bahrami`, and by the functions' events not there"
    )


def test_a_release_of_no_hold_or_of_another_order_is_told():
    assert "there was no hold 3" in by_function(events(found(), released()[1]))[1][0]
    _, told = by_function(events(found(), *added(), *released("1405/8")))
    assert "the hold was of another order" in told[0]


@pytest.mark.parametrize(
    ("witnessed", "why"),
    [
        ("2027-12-02T00:00:00+00:00", ""),
        ("2027-12-01T23:59:59+00:00", "had ended 365 days before"),
        (None, "it went by one clock"),
    ],
)
def test_a_month_that_went_by_the_stores_clock_alone_is_told(witnessed, why):
    """From when the vault tells its time, each record of a purge has it; what is of before that has none."""
    clock = {"witnessed": witnessed} if witnessed else {}
    gone = ("expiry", {"expired": "m:24322", **clock})
    told = by_function(events(found(), ("witness", {}), gone, at="2030-01-01T00:00:00+00:00"))[1]
    assert len(told) == bool(why)
    assert why in "".join(told)
    before = by_function(events(found(), gone, ("witness", {}), at="2030-01-01T00:00:00+00:00"))[1]
    assert len(before) == (bool(why) and witnessed is not None)


def test_a_time_of_the_vaults_that_was_forgotten_is_told():
    assert "was forgotten" in by_function(events(found(), ("witness", {}), ("witness", {})))[1][0]
