"""Runs audits of sample policies in a project of their own; `ssh` is a stand-in that runs commands here."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.audit.running import run

FAKE_SSH = """#!/bin/sh
# A host that is this machine. The files beside it: `down`, a name that doesn't answer, and `log`, what was asked.
down=$(cat "$0.down" 2>/dev/null)
for word; do
    case "$word" in
    check) exit 0 ;;
    exit) kill $(cat "$0.running" 2>/dev/null) 2>/dev/null; exit 0 ;;  # sessions end with their connection
    "${down:-no host}") echo "ssh: connect to host $word port 22: Connection refused" >&2; exit 255 ;;
    -N) master=1 ;;
    esac
    last=$word
done
[ -n "$master" ] && exit 0
echo "$last" >> "$0.log"
echo $$ >> "$0.running"
exec sh -c "$last"
"""
CONFTEST = 'pytest_plugins = ["amanat.audit.plugin"]\n'
HEADER = "import pytest\nfrom amanat.audit import NotChecked, requirement\n\n"
INVENTORY = """\
all:
  hosts:
    store: {ansible_host: 192.0.2.10, ansible_port: 2222}
  children:
    vault: {hosts: {store: {}}}
    logs: {hosts: {store: {}}}
    edge: {hosts: {store: {}}}
"""


@dataclass(frozen=True)
class Result:
    """How one audit ended."""

    exit_status: int
    text: str
    stdout: str
    run: Path | None

    @property
    def summary(self) -> dict[str, Any]:
        assert self.run, self.text
        return dict(json.loads((self.run / "summary.json").read_text()))

    @property
    def manifest(self) -> dict[str, Any]:
        assert self.run, self.text
        return dict(json.loads((self.run / "manifest.json").read_text()))

    def verdict(self, one: str) -> tuple[str, str]:
        entry = self.summary["requirements"][one]
        return entry["verdict"], entry["reason"]

    def check(self, test: str) -> dict[str, Any]:
        return next(c for c in self.manifest["result"]["checks"] if c["test"].endswith(f"::{test}"))

    def records(self) -> list[dict[str, Any]]:
        assert self.run
        names = [entry["sha256"] for entry in self.manifest["records"]]
        return [json.loads((self.run / "records" / f"{name}.json").read_text()) for name in names]


Auditor = Callable[..., Result]


def make_auditor(root: Path) -> Auditor:
    """`audit(policies, *arguments, **environment)`: write the policies, run pytest over them, tell how it ended."""
    (root / "bin").mkdir()
    (root / "bin/ssh").write_text(FAKE_SSH)
    (root / "bin/ssh").chmod(0o755)
    (root / "pytest.ini").write_text("[pytest]\nxfail_strict = true\naddopts = --import-mode=importlib\n")
    (root / "hosts.yml").write_text(INVENTORY)
    (root / "policies").mkdir()
    (root / "policies/conftest.py").write_text(CONFTEST)

    def audit(
        policies: str,
        *arguments: str,
        inventory: bool = True,
        chosen: Sequence[str] = ("policies",),
        **environment: str,
    ) -> Result:
        (root / "policies/test_sample.py").write_text(HEADER + policies)
        given = ["--inventory", str(root / "hosts.yml")] if inventory else []
        evidence = root / "evidence"
        before = set(evidence.iterdir()) if evidence.is_dir() else set()
        status, stdout, stderr = run(
            root,
            ["-q", "-p", "no:cacheprovider", "--evidence", str(evidence)]
            + ["--waivers", str(root / "waivers.yaml"), *given, *arguments, *chosen],
            {
                **os.environ,
                "PATH": f"{root / 'bin'}:{os.environ['PATH']}",
                "AMANAT_HOME": str(root / "home"),
                "COLUMNS": "200",
                **environment,
            },
        )
        after = set(evidence.iterdir()) if evidence.is_dir() else set()
        return Result(status, stdout + stderr, stdout, next(iter(after - before), None))

    return audit


@pytest.fixture
def audit(tmp_path: Path) -> Auditor:
    """An auditor with a project of its own."""
    return make_auditor(tmp_path)
