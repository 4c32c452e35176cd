"""One audit in a process forked from a server that has pytest and the engine loaded: a second sooner than a new one."""

import hashlib
import json
import multiprocessing
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from amanat.audit import inventory, session

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
