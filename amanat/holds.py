"""Legal holds (A6-7-2-transactions, A7-disclosure): what a court order keeps in the archive past its retention.

The purge leaves a whole month, or day, in which a hold selects a record. A hold is a row of the archive's state, and
so are its events in the chain: who added it for which order, and who released it. What it selects is told when it is in
the chain, so that nobody looks and takes the question back.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

from amanat.calendars import both
from amanat.digits import latin_digits, party, written
from amanat.disclosure import CHAINED_WITHIN_SECONDS, POLL_SECONDS
from amanat.errors import AmanatError, BadInput

MONTH_LENGTH = len("2026-11")
IN_USE_SECONDS = 60.0
_IN_USE = ("55P03", "40P01")  # lock_not_available, deadlock_detected
Say = Callable[[str], None]


class HoldFailed(AmanatError):
    """The archive refused a hold, or what it holds can't be told."""


@dataclass(frozen=True)
class Selector:
    """What an order holds: records of parties, of a time of recording, or of both; times carry a zone.

    Parties (accounts, numbers) are taken in the archive's one form. Raises BadInput for one that has none, for a
    selector of nothing, and for a time that ends before it begins.
    """

    parties: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "parties", tuple(party(one, "--account/--number") for one in self.parties))
        if not self.parties and self.since is None and self.until is None:
            raise BadInput(
                "nothing says what to hold",
                "amanat hold add",
                "Name --account, --number, --from or --to; without parties all records of the time are held.",
            )
        if self.since and self.until and self.until <= self.since:
            raise BadInput(
                f"{both(self.until)} is not after {both(self.since)}",
                "--to",
                "Name the end of the time that the order covers.",
            )

    def as_json(self) -> str:
        """The selector as the archive takes it; what is empty is left out."""
        given = {
            "parties": self.parties,
            "from": self.since and self.since.astimezone(UTC).isoformat(),
            "until": self.until and self.until.astimezone(UTC).isoformat(),
        }
        return json.dumps({name: value for name, value in given.items() if value})


def add(
    session: psycopg.Connection, order: str, approver: str, selector: Selector, until: datetime, say: Say
) -> int:
    """Have an order hold what it selects until a time; returns the hold's id.

    `say` is told, once, when the archive is in use and is waited for: so long as a purge lets a period go. Raises
    BadInput, and HoldFailed, which says whether the hold is recorded.
    """
    parameters = (_number(order), written(approver, "--approver"), selector.as_json(), until.astimezone(UTC))
    ((number,),) = _asked(session, "SELECT archive.add_hold(%s, %s, %s::jsonb, %s)", parameters, say)
    return int(number)


def release(session: psycopg.Connection, order: str, approver: str, say: Say) -> int:
    """End the holds of an order; returns how many there were. Waits and raises as `add` does."""
    parameters = (_number(order), written(approver, "--approver"))
    ((count,),) = _asked(session, "SELECT archive.release_hold(%s, %s)", parameters, say)
    return int(count)


def held(session: psycopg.Connection, say: Say) -> list[dict[str, Any]]:
    """Every hold as the archive tells it; `held` is None while the hold is not in the chain.

    Waits as `add` does. Raises HoldFailed.
    """
    return [dict(row[0]) for row in _asked(session, "SELECT archive.holds()", (), say)]


def held_by(
    session: psycopg.Connection, number: int, say: Say, patience_seconds: float = CHAINED_WITHIN_SECONDS
) -> dict[str, Any]:
    """The hold of an id, once it is in the chain. Raises HoldFailed, which says that the hold is in force."""
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            found = held(session, say)
        except HoldFailed as error:
            raise HoldFailed(
                f"the hold is recorded and in force, but what it holds can't be told: {error.what}",
                f"hold {number}",
                "Don't add it again; `amanat hold list` tells it later.",
            ) from error
        for hold in found:
            if hold["id"] == number and hold["held"] is not None:
                return hold
        if time.monotonic() > deadline:
            raise HoldFailed(
                "the hold is recorded and in force, but not chained",
                f"hold {number}",
                "See that amanat-archive-seal.service runs on the store; then `amanat hold list`.",
            )
        time.sleep(POLL_SECONDS)


def lines(hold: Mapping[str, Any]) -> list[str]:
    """A hold for people: its order, what it selects and until when, and how many records of which months there are."""
    ends = both(datetime.fromisoformat(hold["ends_at"]))
    state = f"holds until {ends}" if hold["in_force"] else f"ended {ends}, holds nothing"
    return [
        f"order {hold['order_number']}, approved by {hold['approver']}: {_selected(hold['selector'])}; {state}",
        f"  {_counted(hold['held'])}",
    ]


def _selected(selector: Mapping[str, Any]) -> str:
    parts = [f"records of {', '.join(selector['parties'])}" if "parties" in selector else "all records"]
    for name, word in (("from", "made from"), ("until", "until")):
        if name in selector:
            parts.append(f"{word} {both(datetime.fromisoformat(selector[name]))}")
    return " ".join(parts)


def _counted(periods: Iterable[Mapping[str, Any]] | None) -> str:
    """How many records of each kind, and of which months or days."""
    if periods is None:
        return "not in the chain yet: what it selects is told then"
    records: Counter[str] = Counter()
    times: dict[str, list[str]] = {}
    for one in periods:
        records[one["record"]] += one["records"]
        months = times.setdefault(one["record"], [])
        if (month := one["from"][:MONTH_LENGTH]) not in months:
            months.append(month)
    if not records:
        return "the archive has no such record now; one that comes is held"
    return "; ".join(
        f"{count} {kind.replace('_', ' ')}{'' if count == 1 else 's'} of {', '.join(times[kind])}"
        for kind, count in records.items()
    )


def _number(order: str) -> str:
    return latin_digits(written(order, "--order"))


def _asked(
    session: psycopg.Connection, statement: str, parameters: tuple[object, ...], say: Say
) -> list[tuple[Any, ...]]:
    """The rows of a statement, once the archive lets us; each try is a transaction, and leaves nothing if it fails."""
    deadline = time.monotonic() + IN_USE_SECONDS
    waits = False
    while True:
        try:
            return session.execute(statement, parameters).fetchall()
        except psycopg.Error as error:
            if error.sqlstate not in _IN_USE or time.monotonic() > deadline:
                raise _failed(error) from error
        if not waits:
            say(f"the archive is in use, by its purge or another: waiting up to {IN_USE_SECONDS:.0f} s")
            waits = True
        time.sleep(POLL_SECONDS)


def _failed(error: psycopg.Error) -> HoldFailed:
    what = (error.diag.message_primary or str(error)).strip().splitlines()[0]
    if error.sqlstate in _IN_USE:
        return HoldFailed(
            f"the archive was in use for {IN_USE_SECONDS:.0f} s and more",
            "archive",
            "Nothing was changed. See what `journalctl --unit=amanat-archive-purge` on the store says, and try again.",
        )
    if error.sqlstate is None:  # none of the server's: the connection broke
        return HoldFailed(what, "archive", "`amanat hold list` says whether it was done; if not, try again.")
    return HoldFailed(what, "archive", error.diag.message_hint or "Nothing was changed; try again.")
