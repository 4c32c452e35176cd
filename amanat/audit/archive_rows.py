"""What the archive's rows of state must be by its chained events: computed here, with nothing of the archive's code.

Of each change there are two records: an event of the function that was asked for it (`by_function`), and one that a
trigger writes of any change of a row, whoever makes it (`by_trigger`). A row that was changed around the functions, or
while the trigger was off, is not what one of them comes to.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

Event = Mapping[str, Any]

# What the migrations put into a new archive, before there were events of it.
FIRST_RETENTION_DAYS = 366
FIRST_IP_RETENTION_DAYS = 190
FIRST_CHANNELS = frozenset({"sms", "voice", "push", "email", "ussd"})
FIRST_MEANS = frozenset({"rial_card", "wallet", "national_digital_currency"})
ONE_ROW = {"rows of machine": "1", "rows of access_days": "1", "rows of sealing_turn": "1"}
DAY_0 = date(2000, 1, 1)  # days are counted from it
NO_DAY = -1  # no partition of a day was made yet
PARENTS = {"m": "message", "t": "transaction"}
FOUND = "state found"
ROW = "row"
AT = "at of the event"
TABLES = {
    "retention": "machine",
    "clock offset": "machine",
    "pepper": "machine",
    "partitions": "machine",
    "ip retention": "access_days",
    "days": "access_days",
    "access event": "access_event",
    "channel": "channel",
    "means": "means",
    "sealing key": "sealing_key",
    "hold": "hold",
    "release": "hold_release",
}


@dataclass
class State:
    """The archive's state as events come to it; months are counted from the year 0, days from 2000-01-01."""

    retention_days: int = FIRST_RETENTION_DAYS
    clock_offset: int = 0
    pepper: str = ""
    first_month: int = 0
    end_month: int = 0
    months: Mapping[str, set[int]] = field(default_factory=lambda: {name: set() for name in PARENTS.values()})
    channels: dict[str, str] = field(default_factory=lambda: dict.fromkeys(FIRST_CHANNELS, ""))
    means: dict[str, str] = field(default_factory=lambda: dict.fromkeys(FIRST_MEANS, ""))
    sealing_keys: dict[str, str] = field(default_factory=dict)
    ip_retention_days: int = FIRST_IP_RETENTION_DAYS
    first_day: int = NO_DAY
    end_day: int = NO_DAY
    days: set[int] = field(default_factory=set)
    access_events: dict[str, str] = field(default_factory=dict)
    is_witnessed: bool = False  # the vault tells its time, too
    holds: dict[str, str] = field(default_factory=dict)
    releases: dict[str, str] = field(default_factory=dict)

    def items(self) -> dict[str, str]:
        """Item -> value, as the probe of the rows tells them."""
        return {
            "retention": f"{self.retention_days} days",
            "clock offset": str(self.clock_offset),
            "pepper": self.pepper,
            "partitions": f"{month_name(self.first_month)} to {month_name(self.end_month)}",
            **{
                f"months of {parent}": " ".join(map(month_name, sorted(months)))
                for parent, months in self.months.items()
            },
            **{f"channel {name}": description for name, description in self.channels.items()},
            **{f"means {name}": description for name, description in self.means.items()},
            **{f"sealing key {number}": digest for number, digest in self.sealing_keys.items()},
            **self.access_items(),
            **{f"hold {number}": hold for number, hold in self.holds.items()},
            **{f"release of hold {number}": approved for number, approved in self.releases.items()},
        }

    def access_items(self) -> dict[str, str]:
        """Those of access records; nothing where no day was made: the archive is of before there were any."""
        if self.first_day == NO_DAY:
            return {}
        return {
            "ip retention": f"{self.ip_retention_days} days",
            "days": f"{day_name(self.first_day)} to {day_name(self.end_day)}",
            "days of access": " ".join(map(day_name, sorted(self.days))),
            **{f"access event {name}": description for name, description in self.access_events.items()},
        }


def day_name(day: int) -> str:
    """A day as YYYY-MM-DD."""
    return (DAY_0 + timedelta(days=day)).isoformat()


def month_name(month: int) -> str:
    """A month as YYYY-MM."""
    return f"{month // 12:04}-{month % 12 + 1:02}"


class Impossible(ValueError):
    """An event that can't follow from those before it."""


def _require(holds: object, why: str) -> None:
    if not holds:
        raise Impossible(why)


def _retention(state: State, detail: Event) -> None:
    before = detail["before_days"]
    _require(before == state.retention_days, f"it was {state.retention_days} days before, not {before}")
    state.retention_days = int(detail["after_days"])


def _clock(state: State, detail: Event) -> None:
    _require(detail["advanced_by"] > 0, "the clock only goes forward")
    state.clock_offset += int(detail["advanced_by"])


def _added(names: dict[str, str], detail: Event) -> None:
    name = detail["added"]
    _require(name not in names, f"{name} was open already")
    names[name] = str(detail.get("description", ""))  # of before descriptions were on record: it is found


def _channel(state: State, detail: Event) -> None:
    _added(state.channels, detail)


def _means(state: State, detail: Event) -> None:
    _added(state.means, detail)


def _sealing_key(state: State, detail: Event) -> None:
    number = str(detail["added"])
    _require(number not in state.sealing_keys, f"there was a key {number} already")
    state.sealing_keys[number] = str(detail["sha256"])


def _partitions(state: State, detail: Event) -> None:
    first, end = int(detail["from"]), int(detail["until"])
    _require(
        first <= state.first_month and end >= state.end_month, "months only come to those that are there"
    )
    for months in state.months.values():
        months |= {*range(first, state.first_month), *range(state.end_month, end)}
    state.first_month, state.end_month = first, end


def _ip_retention(state: State, detail: Event) -> None:
    before = detail["before_days"]
    _require(before == state.ip_retention_days, f"it was {state.ip_retention_days} days before, not {before}")
    state.ip_retention_days = int(detail["after_days"])


def _access_event(state: State, detail: Event) -> None:
    _added(state.access_events, detail)


def _days(state: State, detail: Event) -> None:
    first, end = int(detail["from"]), int(detail["until"])
    if state.first_day == NO_DAY:
        state.first_day = state.end_day = first
    _require(first <= state.first_day and end >= state.end_day, "days only come to those that are there")
    state.days |= {*range(first, state.first_day), *range(state.end_day, end)}
    state.first_day, state.end_day = first, end


def _witness(state: State, _detail: Event) -> None:
    _require(not state.is_witnessed, "the time that the vault told was forgotten")
    state.is_witnessed = True


def _require_over(period: str, ends: date, detail: Event, kept_days: int) -> None:
    """Refuse that a period went which had not ended so many days before, by each clock that the event tells."""
    told = [datetime.fromisoformat(detail[clock]) for clock in (AT, "witnessed") if clock in detail]
    over = min(told) - datetime.combine(ends, time.min, UTC)
    _require(
        over >= timedelta(days=kept_days),
        f"{period} had ended {over.days} days before, and records were kept for {kept_days}",
    )


def _expiry(state: State, detail: Event) -> None:
    _require(
        not state.is_witnessed or "witnessed" in detail,
        "it went by one clock, and the vault's was there to ask",
    )
    letter, _, number = str(detail["expired"]).partition(":")
    if letter == "a":
        _require_over(
            day_name(int(number)), DAY_0 + timedelta(days=int(number) + 1), detail, state.ip_retention_days
        )
        state.days.discard(int(number))
        state.first_day = max(state.first_day, int(number) + 1)
        return
    month = int(number)
    ends = date((month + 1) // 12, (month + 1) % 12 + 1, 1)
    _require_over(month_name(month), ends, detail, state.retention_days)
    state.months[PARENTS[letter]].discard(month)
    state.first_month = max(state.first_month, month + 1)


def _hold(state: State, detail: Event) -> None:
    number = str(detail["hold"])
    _require(number not in state.holds, f"there was a hold {number} already")
    state.holds[number] = _hold_value(detail)


def _hold_value(row: Event) -> str:
    return (
        f"order {row['order_number']}, approved by {row['approver']}, selector {row['selector']},"
        f" until {row['ends_at']}"
    )


def _hold_released(state: State, detail: Event) -> None:
    number = str(detail["hold"])
    _require(number in state.holds and number not in state.releases, f"there was no hold {number}")
    _require(
        state.holds[number].startswith(f"order {detail['order_number']}, "), "the hold was of another order"
    )
    state.releases[number] = f"approved by {detail['approver']}"


def _nothing(_state: State, _detail: Event) -> None:
    """Of no row of state, or read in another way."""


BY_KIND: Mapping[str, Callable[[State, Event], None]] = {
    "retention": _retention,
    "clock": _clock,
    "channel": _channel,
    "means": _means,
    "sealing key": _sealing_key,
    "partitions": _partitions,
    "expiry": _expiry,
    "ip retention": _ip_retention,
    "access event": _access_event,
    "days": _days,
    "witness": _witness,
    "hold": _hold,
    "hold released": _hold_released,
    ROW: _nothing,
}


def _find(state: State, detail: Event) -> None:
    """Take what was found when events of all began; raises `Impossible` where older ones come to other values."""
    for what, there, told in (
        ("the retention", detail["retention_days"], state.retention_days),
        ("the clock's offset", detail["clock_offset"], state.clock_offset),
        ("the channels", sorted(detail["channels"]), sorted(state.channels)),
        ("the means", sorted(detail["means"]), sorted(state.means)),
    ):
        _require(there == told, f"{what} was found as {there}, and events before come to {told}")
    state.pepper = str(detail["pepper"])
    state.first_month, state.end_month = int(detail["from"]), int(detail["until"])
    for months in state.months.values():
        months.clear()
        months |= set(range(state.first_month, state.end_month))
    state.channels = dict(detail["channels"])
    state.means = dict(detail["means"])
    state.sealing_keys = dict(detail["sealing_keys"])


def by_function(events: Iterable[Event]) -> tuple[dict[str, str], list[str]]:
    """What the functions' events come to, item -> value; and the events that can't be, each with the reason."""
    state, faults, found = State(), [], 0
    for event in events:
        found += event["kind"] == FOUND
        try:
            if event["kind"] == FOUND:
                _require(found == 1, "the state is found once")
                _find(state, event["detail"])
            else:
                _require(event["kind"] in BY_KIND, "nothing writes events of this kind")
                BY_KIND[event["kind"]](state, {**event["detail"], AT: event["at"]})
        except (Impossible, KeyError, TypeError, ValueError, AttributeError) as error:
            faults.append(f"{named(event)} can't be: {error}")
    if not found:
        faults.append(f"no event `{FOUND}`: nothing says what the archive began with")
    return state.items() | ONE_ROW, faults


def by_trigger(events: Iterable[Event]) -> dict[str, str]:
    """What was found, and what changes that the trigger recorded made of it; "" for what is gone."""
    items: dict[str, str] = {}
    for event in events:
        if event["kind"] == FOUND:
            items = _found_items(event["detail"]) | items
        elif event["kind"] == ROW:
            detail = event["detail"]
            before = dict(_row_items(detail["table"], detail["before"] or {}))
            after = dict(_row_items(detail["table"], detail["after"] or {}))
            items |= dict.fromkeys(before.keys() - after.keys(), "") | after
    return items


def _found_items(detail: Event) -> dict[str, str]:
    state = State(
        detail["retention_days"],
        detail["clock_offset"],
        detail["pepper"],
        detail["from"],
        detail["until"],
        {},  # no row says which months there are
        detail["channels"],
        detail["means"],
        detail["sealing_keys"],
    )
    return state.items()


def _row_items(table: str, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not row:
        return
    if table == "machine":
        yield "retention", f"{row['message_retention_days']} days"
        yield "clock offset", str(row["clock_offset"])
        yield "pepper", str(row["pepper"])
        yield "partitions", f"{row['partitions_from'][:7]} to {row['partitions_until'][:7]}"
    elif table == "access_days":
        yield "ip retention", f"{row['ip_retention_days']} days"
        yield "days", f"{row['days_from'][:10]} to {row['days_until'][:10]}"
    elif table in ("channel", "means", "access_event"):
        yield f"{table.replace('_', ' ')} {row['name']}", str(row["description"])
    elif table == "sealing_key":
        yield f"sealing key {row['id']}", str(row["key"])
    elif table == "hold":
        yield f"hold {row['id']}", _hold_value(row)
    elif table == "hold_release":
        yield f"release of hold {row['hold']}", f"approved by {row['approver']}"


def differences(rows: Mapping[str, str], events: Iterable[Event]) -> list[str]:
    """Every row that isn't what both records of changes come to, and every event that can't be: a line each."""
    events = list(events)
    told, faults = by_function(events)
    recorded = by_trigger(events)
    lines = [
        f"{item} is {_quoted(rows.get(item, ''))}, and by the functions' events {_quoted(told.get(item, ''))}"
        f"{last_change(item, events)}"
        for item in sorted(rows.keys() | told.keys())
        if rows.get(item, "") != told.get(item, "")
    ]
    lines += [
        f"{item} is {_quoted(rows.get(item, ''))}, and {_quoted(recorded.get(item, ''))} by the changes of rows"
        " on record: the trigger was off"
        for item in sorted((rows.keys() | recorded.keys()) - ONE_ROW.keys())
        if rows.get(item, "") != recorded.get(item, "") and not item.startswith(("months of ", "days of "))
    ]
    return faults + lines


def last_change(item: str, events: Iterable[Event]) -> str:
    """Which event has the last change of an item's table, in words."""
    table = next((table for begins, table in TABLES.items() if item.startswith(begins)), "")
    changes = [event for event in events if event["kind"] == ROW and event["detail"]["table"] == table]
    return f"; last change of {table}: {named(changes[-1])}" if changes else ""


def named(event: Event) -> str:
    """An event, for a person."""
    return f"event {event['id']} `{event['kind']}` of {event['at']} by {event['by']}"


def _quoted(value: str) -> str:
    return f"`{value}`" if value else "not there"
