"""Dates and times in both calendars that people here use: read in either, always shown in both.

The year tells the calendar apart: 1300 to 1500 is Solar Hijri (March 1921 to March 2122), 1900 to 2199 Gregorian, and
every other year is refused. A time without a zone is Tehran's where the date is Solar Hijri, else UTC.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import jdatetime

from amanat.digits import latin_digits
from amanat.errors import BadInput, shown

TEHRAN = timezone(timedelta(hours=3, minutes=30))  # no summer time since 2022
SOLAR_HIJRI_YEARS = range(1300, 1501)
GREGORIAN_YEARS = range(1900, 2200)
DATED = ("_at", "_date", "from", "until")  # how names of dates and times end in the archive
DATE_EXAMPLES = "2026-11-22 or 1405-09-01"
TIME_EXAMPLES = "2026-11-22T14:00+03:30 or 1405-09-01T14:00"

_DATE = r"(?P<year>\d{4})(?:(?P<sign>[-/])(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})|(?P<basic>\d{4}))"
_ONLY_DATE = re.compile(_DATE, re.ASCII)
_WITH_TIME = re.compile(rf"{_DATE}(?:[Tt ] *(?P<clock>\S.*))?", re.ASCII)
_GAP_BEFORE_ZONE = re.compile(r" (?=[+-])")  # as solar_hijri shows it


class NoDate(BadInput):
    """Text that is a date or a time in neither calendar; the message says why."""


def day_of(text: str, where: str) -> date:
    """The day that `text` names, as the Gregorian calendar counts it: YYYY-MM-DD or YYYY/MM/DD of either calendar.

    Any script's digits do. Raises NoDate, naming `where`.
    """
    match = _ONLY_DATE.fullmatch(latin_digits(text.strip()))
    if not match:
        raise NoDate(f"{shown(text)} is not a date", where, f"Write it as {DATE_EXAMPLES}.")
    return _day(match, text, where, f"Write it as {DATE_EXAMPLES}.")[0]


def instant_of(text: str, where: str) -> datetime:
    """The instant that `text` names, in UTC: a date of either calendar, then T or a blank and ISO 8601's time and zone.

    Raises NoDate, naming `where`.
    """
    fix = f"Write it as {TIME_EXAMPLES}."
    match = _WITH_TIME.fullmatch(latin_digits(text.strip()))
    if not match:
        raise NoDate(f"{shown(text)} is not a time", where, fix)
    day, zone = _day(match, text, where, fix)
    try:
        clock = time.fromisoformat(_GAP_BEFORE_ZONE.sub("", match["clock"] or "00:00"))
    except ValueError as error:
        raise NoDate(f"{shown(text)} is not a time: {error}", where, fix) from error
    whole = datetime.combine(day, clock)
    return (whole if whole.tzinfo else whole.replace(tzinfo=zone)).astimezone(UTC)


def today() -> date:
    """The day that it is in Tehran."""
    return datetime.now(TEHRAN).date()


def solar_hijri(moment: date) -> str:
    """A date, or an aware time as Tehran's clock shows it, in the Solar Hijri calendar."""
    if not isinstance(moment, datetime):
        return _solar_day(moment)
    tehran = moment.astimezone(TEHRAN)
    return f"{_solar_day(tehran.date())} {tehran:%H:%M:%S} +03:30"


def both(moment: date) -> str:
    """A date or an aware time for people: ISO 8601 (a time in UTC), and in brackets the same in Solar Hijri."""
    iso = (
        moment.astimezone(UTC).isoformat(timespec="seconds")
        if isinstance(moment, datetime)
        else moment.isoformat()
    )
    return f"{iso} ({solar_hijri(moment)})"


def with_solar_hijri(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of the archive as JSON, where each date or time `x` (ISO 8601) is followed by `x_solar_hijri`."""
    made: dict[str, Any] = {}
    for name, value in record.items():
        made[name] = with_solar_hijri(value) if isinstance(value, Mapping) else value
        if name.endswith(DATED) and (shown_as := _solar_if_dated(value)):
            made[f"{name}_solar_hijri"] = shown_as
    return made


def _solar_if_dated(value: object) -> str:
    """ "" for what isn't dated, or lies where a calendar ends: a sender's clock may say anything."""
    try:
        text = str(value)
        return solar_hijri(
            date.fromisoformat(text) if len(text) == len("2026-11-22") else datetime.fromisoformat(text)
        )
    except (ValueError, OverflowError):
        return ""


def _day(found: re.Match[str], text: str, where: str, fix: str) -> tuple[date, timezone]:
    basic = found["basic"]
    year = int(found["year"])
    month, day = (int(basic[:2]), int(basic[2:])) if basic else (int(found["month"]), int(found["day"]))
    if year not in SOLAR_HIJRI_YEARS and year not in GREGORIAN_YEARS:
        why = f"the year {year} is neither Solar Hijri (1300 to 1500) nor Gregorian (1900 to 2199)"
        raise NoDate(f"{shown(text)} is not a date: {why}", where, fix)
    solar = year in SOLAR_HIJRI_YEARS
    try:
        if solar:
            return jdatetime.date(year, month, day).togregorian(), TEHRAN
        return date(year, month, day), UTC
    except ValueError as error:
        calendar = "Solar Hijri" if solar else "Gregorian"
        why = f"the {calendar} calendar has no {year:04}-{month:02}-{day:02}"
        raise NoDate(f"{shown(text)} is not a date: {why}", where, fix) from error


def _solar_day(day: date) -> str:
    solar = jdatetime.date.fromgregorian(date=day)
    return f"{solar.year:04}-{solar.month:02}-{solar.day:02}"
