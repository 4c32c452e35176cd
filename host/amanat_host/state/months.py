"""One name for all partitions of a table by month or day: what each has is told once, and what differs apart."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

PARTITION = re.compile(
    r"partitioned table|(?:^|: )table (\S+\.(\w+?)_(\d{4})_(\d{2})(?:_(\d{2}))?): partition of (\S+\.\2)$"
)
MONTH = "<month>"
DAY = "<day>"
MISSING = "missing, which the others have"
# With the fewest months ahead that can be chosen there is only this month's on its first day, before the job has run;
# with the fewest days ahead, today's and tomorrow's.
AHEAD = timedelta(days=27)
DAY_AHEAD = timedelta(days=1)


@dataclass(frozen=True)
class Part:
    """A partition: the table that it is of, and its first day."""

    parent: str
    begins: date
    is_day: bool

    @property
    def ends(self) -> date:
        """The first day after it."""
        return self.begins + timedelta(days=1) if self.is_day else _next_month(self.begins)

    @property
    def suffix(self) -> str:
        """How its name ends."""
        return f"{self.begins:%Y_%m_%d}" if self.is_day else f"{self.begins:%Y_%m}"

    @property
    def bounds(self) -> str:
        """How PostgreSQL writes its bounds, in UTC."""
        return f"FOR VALUES FROM ('{self.begins} 00:00:00+00') TO ('{self.ends} 00:00:00+00')"

    def general(self, text: str, name: str) -> str:
        """A text with the partition's name in it, without its month or day."""
        of_all = name.removesuffix(self.suffix) + (DAY if self.is_day else MONTH)
        return re.sub(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", of_all, text)


def bounds(year: int, month: int) -> str:
    """How PostgreSQL writes the bounds of a month's partition, in UTC."""
    return Part("", date(year, month, 1), is_day=False).bounds


def normalised(items: Mapping[str, str], now: datetime) -> dict[str, str]:
    """The items of one database with `<month>` or `<day>` for those of partitions that are just theirs.

    A partition is normalised when it is named after its table and month or day and has the bounds of that; anything
    else keeps its own name. What few partitions have, or have otherwise than most, keeps its month or day.
    """
    parts: dict[str, Part] = {}
    for item, value in items.items():
        found = PARTITION.search(item)
        part = _part(found) if found and found[1] else None
        if found and part and value == part.bounds:
            parts[found[1]] = part
    told = _once(items, parts)
    for parent in sorted({part.parent for part in parts.values()}):
        siblings = sorted(
            (part for part in parts.values() if part.parent == parent), key=lambda part: part.begins
        )
        unit = "days" if siblings[0].is_day else "months"
        told[f"partitioned table {parent}: {unit}"] = _reach(siblings, now)
    return told


def _part(found: re.Match[str]) -> Part | None:
    """What a partition's name says; None where there is no such month or day."""
    try:
        return Part(found[6], date(int(found[3]), int(found[4]), int(found[5] or 1)), is_day=bool(found[5]))
    except ValueError:
        return None


def _next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def _once(items: Mapping[str, str], parts: Mapping[str, Part]) -> dict[str, str]:
    names = {part.rpartition(".")[2]: part for part in parts}
    # The longest first: a month's name begins that of its days.
    choice = "|".join(map(re.escape, sorted(names, key=len, reverse=True))) or "x^"
    pattern = re.compile(rf"(?<![a-z0-9])({choice})(?![a-z0-9])")
    told: dict[str, str] = {}
    of_parts: dict[tuple[str, str], dict[str, tuple[str, str]]] = defaultdict(dict)
    for item, value in items.items():
        found = {match[1] for match in pattern.finditer(item)}
        if len(found) != 1:
            told[item] = value
            continue
        (name,) = found
        part = parts[names[name]]
        usual = "its day" if part.is_day else "its month"
        general_value = usual if value == part.bounds else part.general(value, name)
        of_parts[part.parent, part.general(item, name)][name] = (item, general_value)
    siblings = {
        parent: {name: parts[whole] for name, whole in names.items() if parts[whole].parent == parent}
        for parent in {part.parent for part in parts.values()}
    }
    for (parent, general), had in of_parts.items():
        told |= _agreed(general, had, siblings[parent])
    return told


def _agreed(general: str, had: Mapping[str, tuple[str, str]], siblings: Mapping[str, Part]) -> dict[str, str]:
    """What most partitions have once, the rest with their names."""
    values = Counter(had[name][1] if name in had else MISSING for name in siblings)
    ((usual, _),) = values.most_common(1)
    told = {} if usual == MISSING else {general: usual}
    for name, part in siblings.items():
        own = general.replace(DAY if part.is_day else MONTH, part.suffix)
        item, value = had.get(name, (own, MISSING))
        if value != usual:
            told[item] = value
    return told


def _reach(parts: Iterable[Part], now: datetime) -> str:
    """How far partitions reach without a gap, from the first on; they come in order."""
    first, *others = parts
    last = first
    for part in others:
        if part.begins != last.ends:
            return "with a gap"
        last = part
    ahead = DAY_AHEAD if first.is_day else AHEAD
    begins, ends = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first.begins, last.ends))
    if begins > now or ends <= now:
        return "not this one"
    days = f"{ahead.days} day" + ("s" if ahead.days > 1 else "")
    return f"this one and {days} from now on" if ends > now + ahead else "this one, and not the next"
