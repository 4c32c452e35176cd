"""Audits of single checks, in children of a process that has everything loaded: most of a short audit is its start."""

import json
import multiprocessing
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from amanat.audit import known, plugin
from amanat.paths import PROJECT_ROOT

LONGEST_AUDIT_SECONDS = 900
# A new process's first second goes to imports. `forkserver` has no threads, so it may fork.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


def audited(stack: str, directory: Path, *checks: str) -> tuple[int, dict[str, Any]]:
    """Audit these checks of a stack; the exit status and the verdicts by requirement, as of `live.audited`.

    The evidence goes to `directory`: a run begins with a look at all that lie where it goes. Which checks there are
    is collected by the first audit of a stack, for those after it.
    Raises `TimeoutError` when it does not end.
    """
    verdicts, output = directory / "verdicts.json", directory / "output"
    chosen = ["--stack", stack, "--json", str(verdicts), "--evidence", str(directory / "evidence")]
    listing = directory.parent / f"checks-of-{stack}.json"
    child = _PROCESSES.Process(target=_audit, args=([*checks, *chosen], output, listing, dict(os.environ)))
    child.start()
    child.join(LONGEST_AUDIT_SECONDS)
    if child.exitcode is None:
        child.kill()
        raise TimeoutError(f"no end after {LONGEST_AUDIT_SECONDS} s: {output.read_text('utf-8')[-2000:]}")
    assert verdicts.exists(), output.read_text("utf-8")[-4000:]
    return child.exitcode, json.loads(verdicts.read_text("utf-8"))["requirements"]


def _audit(arguments: list[str], output: Path, listing: Path, environment: Mapping[str, str]) -> None:
    os.chdir(PROJECT_ROOT)
    os.environ.clear()
    os.environ.update(environment)
    stream = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for number in (sys.__stdout__, sys.__stderr__):
        os.dup2(stream, number.fileno())
    plugin.known_checks = partial(_known_checks, listing)
    sys.exit(int(pytest.main(arguments)))


def _known_checks(
    listing: Path, policies: Path, carriers: Mapping[str, list[str]]
) -> dict[str, known.KnownCheck]:
    """The policies' checks, collected once: nobody changes a policy while tests run."""
    if not listing.exists():
        listing.write_text(json.dumps(known.known_checks(policies, carriers)), "utf-8")
    return known.read(listing)
