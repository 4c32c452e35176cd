"""The parts of the configuration: a playbook each, its machines, what concerns it, and the parts before it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amanat import topology
from amanat.ansible_environment import ANSIBLE
from amanat.inventory import Secrets
from amanat.inventory_tree import InventoryTree
from amanat.placement import Placement
from amanat.playbook_content import PlaybookContent, imported_by

SITE = ANSIBLE / "playbooks/site.yml"


@dataclass(frozen=True)
class Part:
    """A playbook that the site imports, on a stack. It begins when all parts in `after` have ended.

    `served_by` are the machines that those run on where they don't run on all: one that is made anew has other keys.
    """

    content: PlaybookContent
    machines: tuple[str, ...]
    after: tuple[str, ...] = ()
    served_by: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The playbook's: that of the service it configures, or of what it does for several."""
        return self.content.path.stem

    def variables(self, inventory: InventoryTree) -> dict[str, dict[str, Any]]:
        """Of the variables of its machines those that its files name, by machine; of all where it looks at others."""
        machines = inventory.groups["all"] if "hostvars" in self.content.words else self.machines
        return {machine: self._named(inventory.variables(machine)) for machine in machines}

    def groups(self, inventory: InventoryTree) -> dict[str, list[str]]:
        """The inventory's groups, for a part whose files look into them."""
        return inventory.groups if "groups" in self.content.words else {}

    def secrets(self, secrets: Secrets, placement: Placement) -> Secrets:
        """Of the secrets of its machines and their groups those that its files name."""
        present = {"all", *(service for name in self.machines for service in placement.services_of(name))}
        groups = {name: self._named(values) for name, values in secrets["groups"].items() if name in present}
        machines = {
            name: self._named(values) for name, values in secrets["machines"].items() if name in self.machines
        }
        return {"groups": groups, "machines": machines}

    def _named(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in variables.items() if name in self.content.words}


def parts(placement: Placement, site: Path = SITE) -> list[Part]:
    """The parts that have a machine in this stack, in the site's order.

    A part that is no service's comes after all before it and before all behind it. A service's comes after those that
    it needs, and after every one before it that runs on one of its machines: package manager and handlers of a machine
    are one run's at a time.
    """
    found: list[Part] = []
    for playbook in imported_by(site):
        content = PlaybookContent(site.parent.parent, playbook)
        machines = _machines(content, placement)
        left_out = playbook.stem in topology.SERVICES and not placement.carries(playbook.stem)
        if machines and not left_out:
            before = list(_before(playbook.stem, machines, found))
            serving = {
                name for part in before if part.machines != placement.machines for name in part.machines
            }
            found.append(Part(content, machines, tuple(part.name for part in before), tuple(sorted(serving))))
    return found


def _machines(content: PlaybookContent, placement: Placement) -> tuple[str, ...]:
    children = {name: {"hosts": {placement.machine_of(name): None}} for name in placement.services}
    tree = InventoryTree(({"hosts": dict.fromkeys(placement.machines), "children": children},))
    patterns = {str(play["hosts"]) for play in content.plays}
    asked = {name.removeprefix("!") for pattern in patterns for name in pattern.split(":")}
    for name in sorted(asked - {"all", *topology.SERVICES, *placement.machines}):
        raise ValueError(
            f"{content.path.name} runs on {name!r}, which is not a service: nothing would be configured"
        )
    named = {machine for pattern in patterns for machine in tree.matching(pattern)}
    return tuple(machine for machine in placement.machines if machine in named)


def _before(name: str, machines: tuple[str, ...], earlier: list[Part]) -> Iterator[Part]:
    for part in earlier:
        apart = name in topology.SERVICES and part.name in topology.SERVICES
        if not apart or part.name in topology.SERVICES[name].needs or set(part.machines) & set(machines):
            yield part
