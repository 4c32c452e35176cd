"""Both calendars: every day there and back, anchors that history fixes, and what is a date in neither."""

from datetime import UTC, date, datetime, timedelta

import pytest

from amanat.calendars import NoDate, both, day_of, instant_of, solar_hijri, with_solar_hijri

ANCHORS = {  # from Iran's own almanacs and news of the day
    "1300-01-01": date(1921, 3, 21),
    "1357-11-22": date(1979, 2, 11),  # the revolution
    "1358-12-29": date(1980, 3, 19),
    "1358-12-30": date(1980, 3, 20),  # a leap year
    "1378-10-11": date(2000, 1, 1),
    "1386-12-29": date(2008, 3, 19),
    "1399-12-30": date(2021, 3, 20),  # a leap year
    "1403-12-30": date(2025, 3, 20),  # a leap year, where the 2820-year rule has none
    "1404-01-01": date(2025, 3, 21),
    "1405-09-02": date(2026, 11, 23),
    "1408-12-30": date(2030, 3, 20),
    "1500-12-29": date(2122, 3, 20),
}


@pytest.mark.parametrize(("text", "day"), ANCHORS.items())
def test_known_days_are_the_same_in_both(text, day):
    assert day_of(text, "here") == day
    assert solar_hijri(day) == text


def test_every_day_of_two_centuries_goes_there_and_back():
    day, end = date(1921, 3, 21), date(2122, 3, 21)
    months = {}
    while day < end:
        text = solar_hijri(day)
        assert day_of(text, "here") == day
        year, month, _ = text.split("-")
        months[year, month] = months.get((year, month), 0) + 1
        day += timedelta(days=1)
    assert len(months) == 201 * 12
    assert {days for (_, month), days in months.items() if month <= "06"} == {31}
    assert {days for (_, month), days in months.items() if "07" <= month <= "11"} == {30}
    assert {days for (_, month), days in months.items() if month == "12"} == {29, 30}


@pytest.mark.parametrize(
    "text",
    [
        "1405-08-30",
        "1405/08/30",
        "1405/8/30",
        "۱۴۰۵/۰۸/۳۰",
        "١٤٠٥-٠٨-٣٠",
        "１４０５-０８-３０",
        " 14050830 ",
        "2026-11-21",
    ]
    + ["2026/11/21", "۲۰۲۶-۱۱-۲۱", "20261121"],
)
def test_a_day_may_be_written_in_many_ways(text):
    assert day_of(text, "here") == date(2026, 11, 21)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1405-09-01", datetime(2026, 11, 21, 20, 30, tzinfo=UTC)),
        ("1405/9/1 14:00", datetime(2026, 11, 22, 10, 30, tzinfo=UTC)),
        ("۱۴۰۵-۰۹-۰۱T۱۴:۰۰", datetime(2026, 11, 22, 10, 30, tzinfo=UTC)),
        ("1405-09-01 14:00:00 +03:30", datetime(2026, 11, 22, 10, 30, tzinfo=UTC)),
        ("1405-09-01T14:00Z", datetime(2026, 11, 22, 14, 0, tzinfo=UTC)),
        ("1405-09-01T14:00:30.5+04:30", datetime(2026, 11, 22, 9, 30, 30, 500000, tzinfo=UTC)),
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22T14:00+03:30", datetime(2026, 11, 22, 10, 30, tzinfo=UTC)),
        ("20261122T140000Z", datetime(2026, 11, 22, 14, 0, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_tehrans_where_the_date_is_solar_hijri(text, moment):
    assert instant_of(text, "here") == moment


@pytest.mark.parametrize(
    "text",
    [
        "1405-12-30",
        "1405-07-31",
        "1405-13-01",
        "1405-00-10",
        "1405-01-00",
        "2026-02-29",
        "2026-13-01",
        "1299-12-29",
    ]
    + [
        "1501-01-01",
        "1899-12-31",
        "2200-01-01",
        "0001-01-01",
        "9999-12-31",
        "0000-00-00",
        "2569-11-22",
        "0405-08-10",
    ],
)
@pytest.mark.parametrize("read", [day_of, instant_of])
def test_what_is_a_date_in_neither_calendar_is_refused(read, text):
    with pytest.raises(NoDate, match="is not a date: .*(1405|2026|the year).*") as refused:
        read(text, "--since")
    assert refused.value.where == "--since"
    assert "1405-09-01" in refused.value.fix


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "",
        "14:00",
        "05/08/10",
        "10/08/1405",
        "2026-11",
        "1405-W08-1",
        "2026-W47-7",
        "1405/08-10",
        "140508",
    ]
    + [
        "1405-08-10T25:00",
        "0001-01-01T00:00+03:30x",
        "2026-11-22T14:00+99:00",
        "1405-08-10\u202e",
        "$(reboot)",
    ],
)
def test_what_is_no_time_at_all_is_refused(text):
    with pytest.raises(NoDate, match="is not a (time|date)"):
        instant_of(text, "--since")


@pytest.mark.parametrize("text", ["1405-08-10T14:00", "2026-11", "1405/08-10", "today", "05-08-10"])
def test_a_day_is_a_day_alone(text):
    with pytest.raises(NoDate, match="is not a date"):
        day_of(text, "--order-date")


def test_both_calendars_are_shown_of_days_and_of_times():
    assert instant_of(solar_hijri(datetime(2026, 11, 22, 21, 0, 7, tzinfo=UTC)), "here").second == 7
    assert both(date(2026, 11, 22)) == "2026-11-22 (1405-09-01)"
    evening = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
    assert both(evening) == "2026-11-22T21:00:00+00:00 (1405-09-02 00:30:00 +03:30)"


def test_a_record_gets_the_second_calendar_wherever_it_is_dated():
    record = {
        "id": 5,
        "sent_at": "2026-11-22T21:00:00.25+00:00",
        "received_at": "0001-01-01T00:00:00+00:00",  # a sender whose clock was lost
        "recorded_at": "infinity",
        "order_date": "2026-11-22",
        "destination": "2026-11-22",
        "occurred_at": None,
        "selector": {"from": "2026-11-01T00:00:00+00:00", "parties": ["+98912"]},
    }
    shown = with_solar_hijri(record)
    assert {name: shown[name] for name in record if name != "selector"} == {
        name: value for name, value in record.items() if name != "selector"
    }
    added = {name: value for name, value in shown.items() if name not in record}
    assert added == {
        "sent_at_solar_hijri": "1405-09-02 00:30:00 +03:30",
        "order_date_solar_hijri": "1405-09-01",
    }
    assert shown["selector"]["from_solar_hijri"] == "1405-08-10 03:30:00 +03:30"
