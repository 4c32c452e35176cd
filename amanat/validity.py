"""How long what the operator declares holds: seal, licence and price list, each with a warning before its end."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from amanat import calendars
from amanat.calendars import TEHRAN, both
from amanat.declarations import SETTING, Declarations
from amanat.law import register
from amanat.setting_errors import NAMESPACE


@dataclass(frozen=True)
class Term:
    """A declaration that begins and ends; `ends` is the last day on which it holds, `renewal` what to do by then."""

    what: str
    setting: str
    begins: date
    ends: date
    warning_days: int
    renewal: str

    def warning(self, today: date) -> str:
        """What is to be said of it on this day; "" while there is nothing."""
        left = (self.ends - today).days
        fix = f"{self.renewal}, then set {NAMESPACE}:{SETTING}.{self.setting}"
        if today < self.begins:
            return f"{self.what} begins only on {both(self.begins)}: correct {NAMESPACE}:{SETTING}.{self.setting}"
        if left < 0:
            return f"{self.what} ended {_days(-left)} ago, on {both(self.ends)}: {fix}"
        if left <= self.warning_days:
            return f"{self.what} ends {f'in {_days(left)}' if left else 'today'}, on {both(self.ends)}: {fix}"
        return ""


def until(term: Term) -> datetime:
    """The moment from which it no longer holds: the end of its last day, in Tehran."""
    return datetime.combine(term.ends + timedelta(days=1), time(), TEHRAN)


def terms(declared: Declarations) -> Iterator[Term]:
    """What is declared for a time, with the law register's bounds."""
    if declared.enamad:
        yield Term(
            "the eNAMAD seal",
            "enamad",
            declared.enamad.issued,
            declared.enamad.ends,
            _least("U-enamad", "enamad_warning_days"),
            "have it renewed",
        )
    if declared.licence:
        yield Term(
            "the licence",
            "licence",
            declared.licence.issued,
            declared.licence.ends,
            _least("U-licence", "licence_warning_days"),
            "have it renewed",
        )
    confirmed = declared.price_list.date
    yield Term(
        "the price list",
        "price_list.date",
        confirmed,
        confirmed + timedelta(days=_most("A7-pricing", "price_list_age_days")),
        _least("A7-pricing", "price_list_warning_days"),
        "confirm the prices",
    )


def warnings(declared: Declarations | None, today: date | None = None) -> tuple[str, ...]:
    """What is to be said on this day (Tehran's, unless given) of all that is declared."""
    if declared is None:
        return ()
    day = today or calendars.today()
    sample = f"the site shows a sample, and nothing of yours: set {NAMESPACE}:{SETTING}"
    said = (term.warning(day) for term in terms(declared))
    return tuple(filter(None, (sample if declared.is_sample else "", *said)))


def undeclared(declared: Declarations) -> tuple[str, ...]:
    """What the union's statement speaks of, and the operator doesn't declare."""
    lacking = {"the eNAMAD seal": declared.enamad, "the licence": declared.licence}
    return tuple(what for what, given in lacking.items() if given is None)


def _days(count: int) -> str:
    return "a day" if count == 1 else f"{count} days"


def _least(requirement: str, bound: str) -> int:
    return int(register().bound(requirement, bound).min or 0)


def _most(requirement: str, bound: str) -> int:
    return int(register().bound(requirement, bound).max or 0)
