"""What a drill says when it proves nothing."""

import contextlib
import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from amanat import recovery
from amanat.evidence import Redactor, Run, RunContext
from amanat.evidence.run import new_name
from amanat.evidence.signature import signing_key
from amanat.recovery import what_differs

GOOD = {"missing_heads": [], "strange_heads": [], "copies": {"store": {"same": 3, "different": []}}}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"missing_heads": [[7, "ab"]]}, "the restored archive lacks 1 anchored heads"),
        (
            {"strange_heads": [[7, "ab"], [8, "cd"]]},
            "the restored archive has 2 heads that the store never had",
        ),
        ({"copies": {"vault": {"same": 3, "different": ["/etc/a"]}}}, "1 files of the copy of vault are not"),
        ({"copies": {"vault": {"same": 0, "different": []}}}, "the copy of vault has no file to compare"),
        ({}, "the restored archive doesn't verify"),
    ],
)
def test_what_differs_is_named(found, said):
    assert what_differs({**GOOD, **found}).startswith(said)


NOW = datetime.now(UTC)
CONTEXT = RunContext(stack="local", revision="f" * 40, dirty=False, configuration="0" * 64)
VALUES = {"passed": True, "records": 7}


@pytest.fixture
def last(monkeypatch, tmp_path):
    """last(record, signed): what is taken for the last drill, by the vault's record and the evidence here."""
    paths = SimpleNamespace(evidence=tmp_path, evidence_key=tmp_path / "evidence.key")

    def told(record, signed=None):
        line = json.dumps({"at": NOW.isoformat(), **record})
        vault = SimpleNamespace(run=lambda command: SimpleNamespace(stdout=f"{line}\n"))

        @contextlib.contextmanager
        def auditor(_paths):
            yield SimpleNamespace(service=lambda name: vault)

        monkeypatch.setattr(recovery, "auditor", auditor)
        if signed is not None:
            key = signing_key(paths.evidence_key)
            Run.start(tmp_path / "drills" / new_name(), CONTEXT, key, Redactor(), {}).finish(signed)
        return recovery.last_drill(paths)

    return told


def test_the_last_drill_is_the_one_on_record_that_was_signed(last):
    assert last(VALUES, VALUES) == NOW


@pytest.mark.parametrize(
    ("record", "signed"),
    [
        (VALUES, None),
        (VALUES, {**VALUES, "records": 8}),
        ({**VALUES, "passed": False}, {**VALUES, "passed": False}),
    ],
    ids=["nothing-signed", "another", "failed"],
)
def test_a_drill_that_does_not_count_is_due_again(last, record, signed):
    assert last(record, signed) is None
