"""An Ansible inventory as data: its machines, its groups, and the variables that a machine has in the end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import yaml


@dataclass(frozen=True)
class InventoryTree:
    """What YAML inventories say together: `all` with `hosts`, `vars` and `children`, as `inventory_text` writes it."""

    trees: tuple[Mapping[str, Any], ...]

    @classmethod
    def of_text(cls, *texts: str) -> Self:
        """Parse inventories; a later one adds to the earlier."""
        return cls(tuple(yaml.safe_load(text).get("all") or {} for text in texts))

    @classmethod
    def of_files(cls, *paths: Path) -> Self:
        """Read inventories."""
        return cls.of_text(*(path.read_text("utf-8") for path in paths))

    @cached_property
    def groups(self) -> dict[str, list[str]]:
        """Group -> its machines; `all` has every one."""
        found: dict[str, list[str]] = {"all": []}
        for name, group in self._groups():
            members = [machine for _, inner in _within(name, group) for machine in inner.get("hosts") or {}]
            for key in (name, "all"):
                known = found.setdefault(key, [])
                known += [machine for machine in dict.fromkeys(members) if machine not in known]
        return found

    def matching(self, pattern: str) -> list[str]:
        """The machines of a play's `hosts:`: names of groups and machines, joined by ":", "!" before those left out."""
        chosen: list[str] = []
        for name in pattern.split(":"):
            machines = self._named(name.removeprefix("!"))
            if name.startswith("!"):
                chosen = [machine for machine in chosen if machine not in machines]
            else:
                chosen += [machine for machine in machines if machine not in chosen]
        return chosen

    def variables(self, machine: str) -> dict[str, Any]:
        """What a machine is told: for all, then by its groups, then of itself. The way to reach it is left out."""
        found: dict[str, Any] = {}
        groups = list(self._groups())
        for name, group in groups:
            if machine in self.groups[name]:
                found |= group.get("vars") or {}
        for _, group in groups:
            found |= (group.get("hosts") or {}).get(machine) or {}
        return {name: value for name, value in found.items() if not name.startswith("ansible_")}

    def _named(self, name: str) -> list[str]:
        if name in self.groups:
            return self.groups[name]
        return [name] if name in self.groups["all"] else []

    def _groups(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for tree in self.trees:
            yield from _within("all", tree)


def _within(name: str, group: Mapping[str, Any] | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A group and those below it, the outermost first."""
    yield name, group or {}
    for child, inner in ((group or {}).get("children") or {}).items():
        yield from _within(child, inner)
