"""Which open transactions are too old, by what was seen of them."""

from __future__ import annotations

from typing import Any


class Transactions:
    """Since when each open transaction was seen; the server doesn't say for sessions whose activity is not tracked."""

    def __init__(self, writing_seconds: int) -> None:
        self.writing_seconds = writing_seconds
        self.first_seen: dict[tuple[int, str], float] = {}
        self.told: set[tuple[int, str]] = set()

    def too_old(self, rows: list[tuple[Any, ...]], now: float) -> list[tuple[int, str, str, float]]:
        """Of (pid, virtual id, role, writes, limit in seconds, 0 for none): pid, id, role and age of those to end."""
        self.first_seen = {
            (pid, virtual): self.first_seen.get((pid, virtual), now) for pid, virtual, *_ in rows
        }
        self.told &= self.first_seen.keys()
        old = []
        for pid, virtual, role, writes, limit_seconds in rows:
            limits = [seconds for seconds in (limit_seconds, self.writing_seconds * writes) if seconds]
            age = now - self.first_seen[pid, virtual]
            if limits and age >= min(limits):
                old.append((pid, virtual, role, age))
        return old

    def is_news(self, pid: int, virtual: str) -> bool:
        """Whether nothing was said of this transaction yet: one that can't be interrupted is asked again and again."""
        known = (pid, virtual) in self.told
        self.told.add((pid, virtual))
        return not known
