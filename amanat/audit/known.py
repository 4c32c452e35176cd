"""All checks that the policies have, whatever this audit was told to collect.

A requirement is judged by all its checks. Paths, node ids, -k, -m, --deselect, --ignore, --lf or a variable of pytest's
choose among them, so they are collected once more in a process of its own that is told nothing of such choices.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from amanat.audit.markers import ids_of
from amanat.errors import BadInput

POLICIES = "policies"
COLLECT_SECONDS = 120
_LAST_LINES = 5


class KnownCheck(NamedTuple):
    """The requirements that a check is of, and what it proves."""

    requirements: tuple[str, ...]
    proves: str


class BrokenPolicies(BadInput):
    """Not all policies can be collected, so nobody can say what belongs to a requirement."""


class _Collected:
    """The plugin that takes down what was collected."""

    def __init__(self) -> None:
        self.checks: dict[str, KnownCheck] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.checks = {check_id(item): KnownCheck(ids_of(item), proves(item)) for item in session.items}


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


def known_checks(policies: Path) -> dict[str, KnownCheck]:
    """Every check below the directory `policies` by its id, collected in a new process.

    Raises `BrokenPolicies` when one can't be collected.
    """
    with tempfile.TemporaryDirectory(prefix="amanat-policies-") as scratch:
        listing = Path(scratch) / "checks.json"
        status, said = _collect_apart(policies, listing)
        if status != 0 or not listing.is_file():
            raise _broken(policies, "; ".join(said.strip().splitlines()[-_LAST_LINES:]))
        return _read(json.loads(listing.read_text("utf-8")))


def _collect_apart(policies: Path, listing: Path) -> tuple[int, str]:
    """Have a new process write `listing`; its exit status, and what pytest said."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "amanat.audit.known", str(policies), str(listing)],
            cwd=policies.parent,
            env=without_choices(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COLLECT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _broken(policies, f"no end after {COLLECT_SECONDS} s") from error
    return done.returncode, done.stdout.decode("utf-8", "replace")


def without_choices(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment but for pytest's own variables: options and plugins of another run."""
    return {name: value for name, value in environment.items() if not name.startswith("PYTEST_")}


def _broken(policies: Path, why: str) -> BrokenPolicies:
    return BrokenPolicies(
        f"the policies can't all be collected, so no requirement can be judged: {why}",
        str(policies),
        "Mend the policy that it names.",
    )


def _read(found: Mapping[str, list[list[str] | str]]) -> dict[str, KnownCheck]:
    return {one: KnownCheck(tuple(ids), str(text)) for one, (ids, text) in found.items()}


def write_listing(policies: Path, listing: Path) -> int:
    """Collect the directory in this process and write `listing`; pytest's exit status, 0 also for no test."""
    collected = _Collected()
    arguments = ["--collect-only", "-qq", "-p", "no:cacheprovider", "-o", "addopts=", "-W", "ignore"]
    arguments += ["--import-mode=importlib", f"--rootdir={policies.parent}", str(policies)]
    status = int(pytest.main(arguments, plugins=[collected]))
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return status
    listing.write_text(json.dumps(collected.checks), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(write_listing(Path(sys.argv[1]), Path(sys.argv[2])))
