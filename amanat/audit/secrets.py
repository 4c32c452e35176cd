"""The stack's secrets, if the auditor holds them: kept out of evidence, used to log in as a client."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from amanat import processes
from amanat.audit.errors import NotChecked

SOURCE_SECONDS = 120.0  # a state far away is asked


def of_inventory(directory: Path | None) -> dict[str, Any]:
    """What the executable sources in an inventory directory say of groups and hosts (Ansible's dynamic inventory).

    Returns nothing for a directory without one. Raises `NotChecked` when a source fails.
    """
    found: dict[str, Any] = {}
    for source in sorted(directory.iterdir()) if directory and directory.is_dir() else ():
        if source.is_file() and os.access(source, os.X_OK):
            found.update(_variables(source))
    return found


def values(secrets: Mapping[str, Any]) -> Iterator[str]:
    """Every text within nested mappings and lists."""
    for value in secrets.values():
        if isinstance(value, Mapping):
            yield from values(value)
        elif isinstance(value, str):
            yield value


def _variables(source: Path) -> dict[str, Any]:
    command = [str(source), "--list"]
    try:
        done = processes.run(command, own=True, seconds=SOURCE_SECONDS, capture_output=True)
        if done.returncode:
            raise ValueError(" ".join(done.stderr.split())[-300:])
        variables = _flat(json.loads(done.stdout))
    except (OSError, processes.TimedOut, ValueError, AttributeError) as error:
        raise NotChecked(
            f"the stack's secrets can't be read: {error}",
            str(source),
            "Run `make up`, or audit without the stack's keys.",
        ) from error
    return variables


def _flat(document: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of all groups together, and by name what single hosts have.

    Of variables with one name the later group's is `<group>.<name>`: none is lost, since evidence is redacted by them.
    """
    found: dict[str, Any] = dict(document.get("_meta", {}).get("hostvars", {}))
    for group, content in document.items():
        for name, value in content.get("vars", {}).items() if group != "_meta" else ():
            found[f"{group}.{name}" if name in found else name] = value
    return found
