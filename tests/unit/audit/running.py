"""One audit in a process forked from a server that has pytest and the engine loaded: a second sooner than a new one."""

import hashlib
import json
import multiprocessing
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from amanat.audit import inventory, known, session

_CONTEXT = multiprocessing.get_context("forkserver")
# Not the plugin itself: pytest wants to import and rewrite it.
_CONTEXT.set_forkserver_preload(["pytest", "ansible", session.__name__, "amanat.audit.fixtures", __name__])


def run(root: Path, arguments: list[str], environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run pytest in `root`; its exit status (negative: the signal that killed it), standard output, error stream."""
    out, err = root / "stdout", root / "stderr"
    process = _CONTEXT.Process(target=_child, args=(root, arguments, dict(environment), out, err))
    process.start()
    process.join()
    status = process.exitcode
    process.close()
    assert status is not None
    return status, out.read_text("utf-8", "replace"), err.read_text("utf-8", "replace")


def _child(root: Path, arguments: list[str], environment: dict[str, str], out: Path, err: Path) -> None:
    for path, descriptor in ((out, 1), (err, 2)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(root)
    _remember_listings(root.parent / "listings")
    known._collect_apart = _collect_in_a_fork
    raise SystemExit(int(pytest.main(arguments)))


def _remember_listings(directory: Path) -> None:
    """Ask Ansible for each different inventory once in a test session; what it refuses is asked again."""
    ask = inventory._listing

    def remembered(path: Path) -> dict[str, Any]:
        directory.mkdir(exist_ok=True)
        known = directory / f"{hashlib.sha256(path.read_bytes()).hexdigest()}.json"
        if not known.exists():
            known.write_text(json.dumps(ask(path)), "utf-8")
        return dict(json.loads(known.read_text("utf-8")))

    inventory._listing = remembered  # type: ignore[assignment]


def _collect_in_a_fork(policies: Path, listing: Path, carriers: Mapping[str, list[str]]) -> tuple[int, str]:
    """What `known` has a new process do, in one that has everything loaded (tests of `known` start a new one)."""
    said = listing.with_name("said")
    process = multiprocessing.get_context("fork").Process(
        target=_listed, args=(policies, listing, said, carriers)
    )
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode, said.read_text("utf-8", "replace")


def _listed(policies: Path, listing: Path, said: Path, carriers: Mapping[str, list[str]]) -> None:
    with said.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        del os.environ[name]
    os.chdir(policies.parent)
    status = pytest.main(known.collecting(policies, listing, carriers))
    raise SystemExit(0 if status == pytest.ExitCode.NO_TESTS_COLLECTED else status)
