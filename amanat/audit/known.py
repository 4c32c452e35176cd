"""All checks that the policies have, whatever this audit was told to collect.

A requirement is judged by all its checks. Paths, node ids, -k, -m, --deselect, --ignore, --lf or a variable of pytest's
choose among them, so they are collected once more in a process of its own that is told nothing of such choices.
"""

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from amanat import processes
from amanat.errors import BadInput

POLICIES = "policies"
LISTING = "amanat.audit.listing"
COLLECT_SECONDS = 120
_LAST_LINES = 5
NOWHERE: Mapping[str, list[str]] = {}  # no inventory: a check is there once for each service


class KnownCheck(NamedTuple):
    """The requirements that a check is of, and what it proves."""

    requirements: tuple[str, ...]
    proves: str


class BrokenPolicies(BadInput):
    """Not all policies can be collected, so nobody can say what belongs to a requirement."""


def directory_of(item: pytest.Item) -> Path | None:
    """The directory `policies` that a test lies in; None for any other test."""
    return next((path for path in reversed(item.path.parents) if _holds_policies(path)), None)


def _holds_policies(path: Path) -> bool:
    return path.name == POLICIES and (path / "conftest.py").is_file()


def check_id(item: pytest.Item) -> str:
    """The node id as seen from the project, wherever pytest was started and whatever it took for its root."""
    directory = directory_of(item)
    if directory is None:
        return item.nodeid
    inside = item.nodeid.partition("::")[2]
    return f"{item.path.relative_to(directory.parent).as_posix()}::{inside}"


def proves(item: pytest.Item) -> str:
    """The first sentence of a test's docstring: what it proves."""
    text = getattr(getattr(item, "obj", None), "__doc__", None) or item.name
    return " ".join(text.strip().split("\n\n")[0].split())


def known_checks(policies: Path, carriers: Mapping[str, list[str]] = NOWHERE) -> dict[str, KnownCheck]:
    """Every check below the directory `policies` by its id, collected in a new process.

    `carriers`: service -> the machines that carry it; a check of `machine` is there once for each of them.
    Raises `BrokenPolicies` when one can't be collected.
    """
    with tempfile.TemporaryDirectory(prefix="amanat-policies-") as scratch:
        listing = Path(scratch) / "checks.json"
        status, output = _collect_apart(policies, listing, carriers)
        if status != 0 or not listing.is_file():
            raise _broken(policies, "; ".join(output.strip().splitlines()[-_LAST_LINES:]))
        return read(listing)


def _collect_apart(policies: Path, listing: Path, carriers: Mapping[str, list[str]]) -> tuple[int, str]:
    """Have a new pytest write `listing`; its exit status, 0 also for no test, and what it said."""
    try:
        done = processes.run(
            [sys.executable, "-m", "pytest", *collecting(policies, listing, carriers)],
            seconds=COLLECT_SECONDS,
            cwd=policies.parent,
            stdout=processes.PIPE,
            stderr=processes.STDOUT,
        )
    except processes.TimedOut as error:
        raise _broken(policies, f"no end after {COLLECT_SECONDS} s") from error
    nothing = done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
    return 0 if nothing else done.returncode, done.stdout


def collecting(policies: Path, listing: Path, carriers: Mapping[str, list[str]]) -> list[str]:
    """pytest's arguments for a collection that nothing but the policies and the placement decides."""
    options = ["--collect-only", "-qq", "-p", "no:cacheprovider", "-o", "addopts=", "-W", "ignore"]
    options += ["--import-mode=importlib", f"--rootdir={policies.parent}"]
    return [
        "-p",
        LISTING,
        f"--listing={listing}",
        f"--carriers={json.dumps(carriers)}",
        *options,
        str(policies),
    ]


def _broken(policies: Path, why: str) -> BrokenPolicies:
    return BrokenPolicies(
        f"the policies can't all be collected, so no requirement can be judged: {why}",
        str(policies),
        "Correct the policy that it names.",
    )


def read(listing: Path) -> dict[str, KnownCheck]:
    """The checks that the listing of a collection names: JSON, id -> [requirements, what it proves]."""
    found = json.loads(listing.read_text("utf-8"))
    return {one: KnownCheck(tuple(ids), str(text)) for one, (ids, text) in found.items()}
