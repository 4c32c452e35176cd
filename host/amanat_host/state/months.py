"""One name for all monthly partitions of a table: what is the same of each is told once, and what differs by month."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

PARTITION = re.compile(
    r"partitioned table|(?:^|: )table (\S+\.(\w+)_(\d{4})_(\d{2})): partition of (\S+\.\2)$"
)
MONTH = "<month>"
MISSING = "missing, which the others have"
# With the fewest months ahead that can be chosen there is only this month's on its first day, before the job has run.
AHEAD = timedelta(days=27)


def bounds(year: int, month: int) -> str:
    """How PostgreSQL writes the bounds of a month's partition, in UTC."""
    until = f"{year + month // 12:04}-{month % 12 + 1:02}-01"
    return f"FOR VALUES FROM ('{year:04}-{month:02}-01 00:00:00+00') TO ('{until} 00:00:00+00')"


def normalised(items: Mapping[str, str], now: datetime) -> dict[str, str]:
    """The items of one database with `<month>` for the months of partitions that are just theirs.

    A partition is normalised when it is named after its table and month and has that month's bounds; anything else
    keeps its own name. What few partitions have, or have otherwise than most, keeps its month.
    """
    parts: dict[str, tuple[str, int, int]] = {}
    for item, value in items.items():
        found = PARTITION.search(item)
        if found and found[1] and value == bounds(int(found[3]), int(found[4])):
            parts[found[1]] = (found[5], int(found[3]), int(found[4]))
    told = _once(items, parts)
    for parent in sorted({parent for parent, *_ in parts.values()}):
        months = {(year, month) for of, year, month in parts.values() if of == parent}
        told[f"partitioned table {parent}: months"] = _months(months, now)
    return told


def _once(items: Mapping[str, str], parts: Mapping[str, tuple[str, int, int]]) -> dict[str, str]:
    names = {part.rpartition(".")[2]: part for part in parts}
    pattern = re.compile(rf"(?<![a-z0-9])({'|'.join(map(re.escape, names)) or 'x^'})(?![a-z0-9])")
    told: dict[str, str] = {}
    of_months: dict[tuple[str, str], dict[str, tuple[str, str]]] = defaultdict(dict)
    for item, value in items.items():
        months = {found[1] for found in pattern.finditer(item)}
        if len(months) != 1:
            told[item] = value
            continue
        (name,) = months
        parent, year, month = parts[names[name]]
        general = _general(item, name)
        general_value = "its month" if value == bounds(year, month) else _general(value, name)
        of_months[parent, general][name] = (item, general_value)
    siblings = {
        parent: [name for name, part in names.items() if parts[part][0] == parent]
        for parent, *_ in parts.values()
    }
    for (parent, general), found in of_months.items():
        told |= _agreed(general, found, siblings[parent])
    return told


def _agreed(general: str, found: Mapping[str, tuple[str, str]], siblings: Iterable[str]) -> dict[str, str]:
    """What most partitions have once, the rest with their names."""
    values = Counter(found[name][1] if name in found else MISSING for name in siblings)
    ((usual, _),) = values.most_common(1)
    told = {} if usual == MISSING else {general: usual}
    for name in siblings:
        item, value = found.get(name, (general.replace(MONTH, name[-7:]), MISSING))
        if value != usual:
            told[item] = value
    return told


def _general(text: str, name: str) -> str:
    return re.sub(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", name[:-7] + MONTH, text)


def _months(months: set[tuple[int, int]], now: datetime) -> str:
    """How far partitions reach without a gap, from the first on."""
    years_months = sorted(year * 12 + month - 1 for year, month in months)
    if years_months != list(range(years_months[0], years_months[-1] + 1)):
        return "with a gap"
    first, after = (
        datetime(at // 12, at % 12 + 1, 1, tzinfo=UTC) for at in (years_months[0], years_months[-1] + 1)
    )
    if first > now or after <= now:
        return "not this one"
    return (
        f"this one and {AHEAD.days} days from now on" if after > now + AHEAD else "this one, and not the next"
    )
