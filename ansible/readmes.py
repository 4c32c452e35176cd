#!/usr/bin/env python3
"""Write each role's README from its argument specs: `python ansible/readmes.py`. A contract test keeps them equal."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

HEADING = ("| variable | type | default | meaning |", "|---|---|---|---|")
ROLES = Path(__file__).parent / "roles"


def cell(value: object) -> str:
    """A value as a table cell: short ones in full, long lists by their size."""
    if value in ("", None):
        return "empty" if value == "" else ""
    if isinstance(value, list) and len(value) > 3:
        return f"{len(value)} entries"
    words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"`{' '.join(words.split()) or '[]'}`".replace("|", "\\|")


def sentence(description: str | list[str]) -> str:
    """A description on one line."""
    text = " ".join(description if isinstance(description, list) else [description])
    return re.sub(r"C\((.+?)\)", r"`\1`", " ".join(text.split()))


def options(spec: dict[str, Any], prefix: str = "") -> list[str]:
    """Table rows of an entry point's options; a dictionary's keys follow it, dotted."""
    rows = []
    for name, option in spec.items():
        kind = option["type"] + (f" of {option['elements']}" if "elements" in option else "")
        default = "required" if option.get("required") else cell(option.get("default"))
        rows.append(f"| `{prefix}{name}` | {kind} | {default} | {sentence(option['description'])} |")
        rows += options(option.get("options", {}), f"{prefix}{name}[].")
    return rows


def render(role: Path) -> str:
    """The README of a role."""
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    parts = [f"# {role.name}", "", "<!-- Written by ansible/readmes.py from meta/argument_specs.yml. -->"]
    for entry, spec in specs.items():
        title = [] if entry == "main" else ["", f"## `tasks_from: {entry}`"]
        parts += [*title, "", sentence(spec["short_description"]) + "."]
        if "description" in spec:
            parts += ["", sentence(spec["description"])]
        if spec.get("options"):
            parts += ["", *HEADING, *options(spec["options"])]
    return "\n".join(parts) + "\n"


def main() -> int:
    """Entry point."""
    for role in sorted(path for path in ROLES.iterdir() if (path / "meta/argument_specs.yml").exists()):
        (role / "README.md").write_text(render(role), encoding="utf-8")
        sys.stdout.write(f"{role.name}/README.md\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
