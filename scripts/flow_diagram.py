#!/usr/bin/env python3
"""Draw the services and flows of amanat/topology.py into the pages that show them, as Mermaid.

`.venv/bin/python scripts/flow_diagram.py`. A contract test keeps the pages equal to the topology.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from amanat.topology import CONTROLLER, FLOWS, MACHINE, SERVICES, WORLD, port

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs" / "architecture.md")
BEGIN = "<!-- Drawn by scripts/flow_diagram.py from amanat/topology.py. Change that, not this. -->"
END = "<!-- End of the drawing. -->"
DRAWING = re.compile(rf"(?<={re.escape(BEGIN)}\n).*?(?={re.escape(END)})", re.DOTALL)
OTHERS = {
    CONTROLLER: '(["controller: runs the kit"])',
    WORLD: '(["the public"])',
    MACHINE: '[["every machine"]]',
}


def nodes() -> Iterator[str]:
    """The services, and who else takes part; what comes later is dashed."""
    for name, shape in OTHERS.items():
        yield f"  {name}{shape}"
    for name, service in SERVICES.items():
        later = "" if service.built or service.transient else ":::later"
        yield f'  {name}["<b>{name}</b><br>{service.purpose.replace(";", ",")}"]{later}'


def arrows() -> Iterator[str]:
    """The flows: one arrow for each source and service, with the endpoints that it reaches."""
    pairs = dict.fromkeys((flow.source, flow.service) for flow in FLOWS)
    for source, service in pairs:
        reached = [flow.endpoint for flow in FLOWS if (flow.source, flow.service) == (source, service)]
        label = ", ".join(f"{name} {port(service, name)}" for name in reached)
        yield f'  {source} -- "{label}" --> {service}'


def drawing() -> str:
    """The diagram as a Markdown block."""
    lines = ["flowchart LR", *nodes(), *arrows(), "  classDef later stroke-dasharray: 4 4"]
    return "\n".join(["", "```mermaid", *lines, "```", "", ""])


def render(page: str) -> str:
    """The page with the diagram of now. Raises ValueError for one that has no place for it."""
    if not DRAWING.search(page):
        raise ValueError(f"the page has no lines {BEGIN} and {END}")
    return DRAWING.sub(lambda _: drawing(), page)


def main() -> int:
    """Entry point."""
    for path in PAGES:
        path.write_text(render(path.read_text(encoding="utf-8")), encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
