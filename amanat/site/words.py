"""How numbers, dates and telephone numbers are written on a page of either language."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import jdatetime

from amanat import landlines

PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
GREGORIAN_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def persian_digits(value: object) -> str:
    """Digits as Persian writes them."""
    return str(value).translate(PERSIAN_DIGITS)


def persian_number(value: int) -> str:
    """۱٬۵۰۰: Persian digits, thousands parted by U+066C."""
    return persian_digits(f"{value:,}").replace(",", "\u066c")


def persian_date(day: date) -> str:
    """۱ آذر ۱۴۰۵."""
    solar = jdatetime.date.fromgregorian(date=day)
    return persian_digits(f"{solar.day} {solar.j_months_fa[solar.month - 1]} {solar.year}")


def solar_hijri_in_english(day: date) -> str:
    """1 Azar 1405, for readers of English."""
    solar = jdatetime.date.fromgregorian(date=day)
    return f"{solar.day} {solar.j_months_en[solar.month - 1]} {solar.year}"


def english_date(day: date) -> str:
    """22 November 2026."""
    return f"{day.day} {GREGORIAN_MONTHS[day.month - 1]} {day.year}"


def filters(language: str) -> Mapping[str, Callable[..., str]]:
    """What templates of a language write values with.

    `digits`: of any text; `number`: an integer; `day`: the date in the language's own calendar, `other_day`: in the
    other one; `telephone`: E.164 as it is dialled; `said`: the field of a thing in the page's language.
    """
    persian = language == "fa"

    def said(thing: Any, name: str) -> str:  # noqa: ANN401 - any part of the declarations
        return str(getattr(thing, f"{name}_{language}"))

    return {
        "digits": persian_digits if persian else str,
        "number": persian_number if persian else "{:,}".format,
        "day": persian_date if persian else english_date,
        "other_day": date.isoformat if persian else solar_hijri_in_english,
        "telephone": (lambda e164: persian_digits(landlines.national(e164)))
        if persian
        else landlines.international,
        "said": said,
    }
