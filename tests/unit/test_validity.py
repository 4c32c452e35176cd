"""How long declarations hold: said in time, said loudly after it, by the law register's bounds."""

from datetime import date, timedelta

import pytest

from amanat import validity
from amanat.law import register
from tests.declared import declared, settings

QUIET = date(2026, 12, 1)


def said(today, **changes):
    return validity.warnings(settings(declared(**changes)).declared, today)


def test_nothing_is_said_while_all_holds():
    assert said(QUIET) == ()
    assert validity.warnings(None, QUIET) == ()


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (31, ""),
        (30, "ends in 30 days"),
        (1, "ends in a day"),
        (0, "ends today"),
        (-1, "ended a day ago"),
        (-400, "ended 400 days ago"),
    ],
)
@pytest.mark.parametrize(("what", "ends"), [("enamad", "2027-08-23"), ("licence", "2027-08-23")])
def test_an_end_is_said_from_thirty_days_before(what, ends, days, words):
    today = date.fromisoformat(ends) - timedelta(days=days)
    other = "licence" if what == "enamad" else "enamad"
    found = said(today, **{other: None, f"{what}__ends": ends, "price_list__date": str(today)})
    assert len(found) == bool(words)
    for text in found:
        assert words in text
        assert "2027-08-23 (1406-06-01)" in text
        assert f"have it renewed, then set amanat:declarations.{what}" in text


def test_prices_are_confirmed_once_a_year():
    confirmed = date(2026, 11, 22)
    most = register().bound("A7-pricing", "price_list_age_days").max
    assert said(confirmed + timedelta(days=most - 31), enamad=None) == ()
    (soon,) = said(confirmed + timedelta(days=most - 30), enamad=None)
    assert "the price list ends in 30 days" in soon
    assert "confirm the prices, then set amanat:declarations.price_list.date" in soon
    (late,) = said(confirmed + timedelta(days=most + 1), enamad=None)
    assert "the price list ended a day ago" in late


def test_what_begins_later_is_said():
    (found,) = said(date(2026, 8, 22), price_list__date="2026-08-01")
    assert (
        found == "the eNAMAD seal begins only on 2026-08-23 (1405-06-01): correct amanat:declarations.enamad"
    )


def test_what_is_not_declared_is_known():
    assert validity.undeclared(settings().declared) == ()
    assert validity.undeclared(settings(declared(enamad=None, licence=None)).declared) == (
        "the eNAMAD seal",
        "the licence",
    )


def test_a_sample_is_said_to_be_one():
    (said_first, *_) = said(QUIET, registration_number="000000")
    assert "a sample" in said_first


def test_a_term_holds_until_the_end_of_its_last_day_in_tehran():
    (seal, *_) = validity.terms(settings().declared)
    assert validity.until(seal).isoformat() == "2027-08-24T00:00:00+03:30"
