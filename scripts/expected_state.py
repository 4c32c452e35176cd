#!/usr/bin/env python3
"""Write the expected state from a stack that is known to be right.

`.venv/bin/python scripts/expected_state.py --stack dev [DIMENSION ...]`

Items that a pattern of the file covers stay with the pattern, unless they are exact already; patterns and their order
stay as they are written. What is the same on every machine goes to `every`, the rest to the service. A person reads the
difference before it is committed: what is in there is what the audit takes for right.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Mapping

import yaml

from amanat.audit import inventory
from amanat.audit.by_service import EVERY
from amanat.audit.closed_world import DIRECTORY, Pattern, dimensions, load, substituted
from amanat.audit.expectations import services_of
from amanat.audit.host import Host
from amanat.audit.hosts import Hosts
from amanat.audit.names import names_of
from amanat.audit.recorder import Recorder
from amanat.evidence import Redactor
from amanat.paths import StackPaths
from amanat_host import questions
from amanat_host.answers.state import State
from amanat_host.questions import Question

QUESTIONS: Mapping[str, Question[State]] = {
    "access": questions.ACCESS_STATE,
    "database": questions.DATABASE_STATE,
    "files": questions.FILES_STATE,
    "network": questions.NETWORK_STATE,
    "running": questions.RUNNING_STATE,
}
ONE_SERVICE = {"database": "store"}
HEADING = """---
# The whole state that the audit expects of a machine in this dimension: of every one, and of one with a service.
# Anything else is a finding. Items are written by scripts/expected_state.py from a stack that a person has looked
# through; patterns, which cover what can't be known beforehand, by hand with their reason.
"""
WIDTH = 2000  # an item stays on its line
Items = dict[str, str]


def generalised(items: Mapping[str, str], names: Mapping[str, str], known: Iterable[str]) -> Items:
    """The items with addresses and fingerprints replaced by what they stand for, machines' names where they were."""
    addresses = {value: name for name, value in names.items() if not name.startswith("<machine")}

    def of(text: str) -> str:
        for value in sorted(addresses, key=len, reverse=True):
            text = re.sub(rf"(?<![\d.]){re.escape(value)}(?![\d.])", addresses[value], text)
        return text

    written = {substituted(item, names): item for item in known if "<machine" in item}
    return {written.get(item, of(item)): of(value) for item, value in items.items()}


def read(hosts: Hosts, dimension: str) -> dict[str, Items]:
    """Service -> its machine's items that no pattern covers, or that are expected exactly all the same.

    The stack must have a machine for each service.
    """
    blocks = load(DIRECTORY / f"{dimension}.yaml").root
    known = {item for one in blocks.values() for item in one.exactly}
    found = {}
    for host in hosts.values():
        (service,) = services_of(host)
        if ONE_SERVICE.get(dimension, service) == service:
            names = names_of(host, hosts)
            expected = [block.resolved(names) for name, block in blocks.items() if name in (EVERY, service)]
            exactly = {item for one in expected for item in one.exactly}
            patterns = [pattern for one in expected for pattern in one.patterns]
            items = {
                item: value
                for item, value in asked(host, dimension).items.items()
                if item in exactly or not covered(item, patterns)
            }
            found[service] = generalised(items, names, known)
    return found


def by_database(found: Mapping[str, Items]) -> dict[str, Items]:
    """The store's items, parted by the service whose database or role they are of."""
    parted: dict[str, Items] = {"store": {}, "desk": {}}
    for item, value in found["store"].items():
        of_the_desk = re.search(r"(^|\s)(role )?desk(_[a-z]+)?\b", f"{item}: {value}")
        parted["desk" if of_the_desk else "store"][item] = value
    return {service: items for service, items in parted.items() if items}


def asked(host: Host, dimension: str) -> State:
    """What the machine answers."""
    return host.ask(QUESTIONS[dimension])


def covered(item: str, patterns: list[Pattern]) -> bool:
    """Whether a pattern is there for an item."""
    return any(re.fullmatch(one.item, item, re.S) for one in patterns)


def written(dimension: str, found: Mapping[str, Items]) -> str:
    """The file of a dimension: what was found and no pattern covers, beside the patterns that are there."""
    known = {str(name): one for name, one in load(DIRECTORY / f"{dimension}.yaml").root.items()}
    patterns = {name: list(one.patterns) for name, one in known.items()}
    everywhere = (
        dict(set.intersection(*(set(items.items()) for items in found.values()))) if len(found) > 1 else {}
    )
    if dimension == "database":
        found = by_database(found)
    blocks = {EVERY: everywhere} | {
        service: {item: value for item, value in items.items() if item not in everywhere}
        for service, items in found.items()
    }
    content = {}
    for name, items in blocks.items():
        block: dict[str, object] = {"exactly": dict(sorted(items.items()))} if items else {}
        if patterns.get(name):
            block["patterns"] = [one.model_dump(exclude_defaults=True) for one in patterns[name]]
        content[name] = block
    return HEADING + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=WIDTH)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument(
        "--stack", required=True, help="a stack that was just made, with a machine for each service"
    )
    parser.add_argument("dimension", nargs="*", help=f"of {', '.join(dimensions())}; all by default")
    arguments = parser.parse_args()
    paths = StackPaths(arguments.stack)
    hosts = Hosts(inventory.read(paths.hosts_file, key=paths.auditor_key), Recorder(Redactor()))
    try:
        for dimension in arguments.dimension or dimensions():
            path = DIRECTORY / f"{dimension}.yaml"
            path.write_text(written(dimension, read(hosts, dimension)), "utf-8")
            sys.stdout.write(f"{path.name} is written: read the difference before you commit it\n")
    finally:
        hosts.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
