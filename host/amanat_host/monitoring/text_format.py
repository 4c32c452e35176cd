"""Metrics in Prometheus' text format, as the node exporter's textfile collector reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True)
class Metric:
    """One value. `label` is (name, value) or empty; what a metric means is told where its name is listed."""

    name: str
    value: float
    label: tuple[str, str] | tuple[()] = ()

    def line(self) -> str:
        """The metric's line."""
        labels = ""
        if self.label:
            name, value = self.label
            escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
            labels = f'{{{name}="{escaped}"}}'
        return f"{self.name}{labels} {self.value:.17g}"


def text_of(metrics: Iterable[Metric], meanings: dict[str, str]) -> str:
    """All metrics, each name with its meaning before. Raises KeyError for a name without one."""
    return "".join(f"{line}\n" for line in _lines(metrics, meanings))


def _lines(metrics: Iterable[Metric], meanings: dict[str, str]) -> Iterator[str]:
    for name, same in groupby(sorted(metrics, key=lambda one: (one.name, one.label)), lambda one: one.name):
        yield f"# HELP {name} {meanings[name]}"
        yield f"# TYPE {name} gauge"
        yield from (metric.line() for metric in same)
