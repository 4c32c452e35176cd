"""What is stored of machines' journals as a person is told: whole only when nothing is missing."""

import json
import re
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from amanat import stored_logs
from amanat.cli.logs import app
from amanat.paths import StackPaths
from amanat_host import questions
from amanat_host.answers.logs import (
    GivenStamps,
    MissingNumbers,
    SealedChain,
    SealedLogs,
    StoredLogs,
    StoredRecordings,
    StoredSession,
    StoredSessions,
    Stream,
    VerifiedLogs,
)

NOW = datetime.now(UTC)
WHOLE = Stream(
    numbering="a" * 32,
    first=1,
    last=90,
    entries=90,
    began_anew=[],
    missing=0,
    lost=0,
    reused=0,
    holes=[],
    checked_at=NOW.isoformat(),
    complete_at=(NOW - timedelta(seconds=4)).isoformat(),
)
SEALED = SealedChain(
    records=["1" * 64, "2" * 64],
    stamped=2,
    sealed=2,
    purged=[],
    oldest_kept="2026-11-24",
    unsealed=[],
    open_day="2026-11-26",
    outside_stamped=0,
    outside_waits_since=None,
)


@pytest.fixture
def answered(monkeypatch):
    """What the log server answers of machine `alpha`; tests change it."""
    told = SimpleNamespace(
        streams={"alpha": WHOLE},
        unreadable={},
        entries={"alpha": 90},
        faults={"alpha": []},
        chains={"alpha": SEALED},
        unreadable_chains={},
        stamped=["1" * 64, "2" * 64],
        services={"logs", "vault"},
        recordings={},
        unreadable_recordings={},
    )

    def ask(question, **_):
        if question == questions.STORED_LOGS:
            return StoredLogs(told.streams, told.unreadable)
        if question == questions.SEALED_LOGS:
            return SealedLogs(190, "", told.chains, told.unreadable_chains)
        if question == questions.STORED_RECORDINGS:
            return StoredRecordings(told.recordings, told.unreadable_recordings)
        if question == questions.GIVEN_STAMPS:
            return GivenStamps(told.stamped, [])
        return VerifiedLogs(told.entries, told.faults)

    class Hosts(dict):
        def service(self, name):
            assert name in told.services
            return SimpleNamespace(ask=ask)

    @contextmanager
    def auditor(_paths):
        carried = SimpleNamespace(carries=lambda name: name in told.services)
        yield Hosts(alpha=SimpleNamespace(name="alpha", audited=carried))

    monkeypatch.setattr(stored_logs, "auditor", auditor)
    return told


def verified():
    return stored_logs.verify(StackPaths("t1")).machines["alpha"]


def test_a_journal_without_a_hole_is_whole(answered):
    assert verified().is_whole
    assert verified().delay_seconds(NOW) == 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"missing": 2}, "2 missing"),
        ({"lost": 3}, "3 lost"),
        ({"reused": 1}, "1 to 90"),
    ],
)
def test_a_journal_with_a_hole_is_not(answered, change, said):
    answered.streams["alpha"] = replace(WHOLE, **change)
    result = CliRunner().invoke(app, ["verify"])
    assert (result.exit_code, result.output.startswith("- alpha")) == (1, True)
    assert said in result.output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"faults": {"alpha": ["numbers 4 to 4 are gone"]}}, "numbers 4 to 4 are gone"),
        ({"streams": {}, "entries": {}, "faults": {}}, "nothing is stored of it"),
        ({"streams": {}, "unreadable": {"alpha": "the state can't be read"}}, "the state can't be read"),
        ({"stamped": ["1" * 64]}, "the vault never stamped record 2"),
        ({"stamped": ["1" * 64, "2" * 64, "3" * 64]}, f"the vault stamped is gone: SHA-256 {'3' * 64}"),
        ({"chains": {}, "unreadable_chains": {"alpha": "record 1 is gone"}}, "record 1 is gone"),
    ],
)
def test_what_is_wrong_is_said(answered, change, said):
    vars(answered).update(change)
    result = CliRunner().invoke(app, ["verify"])
    assert result.exit_code == 1
    assert said in result.output


def test_which_numbers_never_came_is_said(answered):
    found, lost = "2026-11-26T10:00:00+00:00", "2026-11-26T11:00:00+00:00"
    holes = [MissingNumbers(4, 6, 3, found, None), MissingNumbers(9, 9, 1, found, lost)]
    holes.append(MissingNumbers(20, 40, 5, found, lost))
    answered.streams["alpha"] = replace(WHOLE, missing=3, lost=6, holes=holes)
    said = CliRunner().invoke(app, ["verify"]).output
    assert re.search(
        r"4 to 6 missing since .*10:00.*; 9 lost since .*11:00.*; 20 to 40 \(5 of them\) lost", said
    )
    told = json.loads(CliRunner().invoke(app, ["verify", "--json"]).output)["alpha"]["holes"]
    assert told[1] == {"first": 9, "last": 9, "count": 1, "found_at": found, "lost_at": lost}


def test_when_a_journal_was_begun_anew_is_said(answered):
    answered.streams["alpha"] = replace(WHOLE, began_anew=["2026-11-26T10:00:00+00:00"], complete_at=None)
    result = CliRunner().invoke(app, ["verify"])
    assert result.exit_code == 1
    assert "begun anew" in result.output
    assert "never found complete" in result.output


def test_programs_read_it_as_json(answered):
    result = CliRunner().invoke(app, ["verify", "--json"])
    told = json.loads(result.output)["alpha"]
    assert (result.exit_code, told["whole"], told["last"], told["lost"]) == (0, True, 90, 0)


def test_sealed_days_are_told(answered):
    result = CliRunner().invoke(app, ["verify"])
    assert (result.exit_code, "2 days sealed, 0 purged" in result.output) == (0, True)


def test_without_a_vault_nothing_is_sealed(answered):
    answered.services = {"logs"}
    result = CliRunner().invoke(app, ["verify"])
    assert (result.exit_code, "sealed" in result.output) == (0, False)


def test_a_record_that_waits_for_its_stamp_is_no_difference(answered):
    answered.chains["alpha"] = replace(SEALED, records=[*SEALED.records, "3" * 64])
    assert verified().is_whole


SESSION = StoredSession("deploy/00000A", "2026-11-27T05:00:00Z", True, 0, "a" * 32)  # noqa: FBT003 - whole


@pytest.mark.parametrize(
    ("session", "said"),
    [
        (SESSION, "+ alpha        deploy/00000A"),
        (replace(SESSION, is_whole=False), "not ended, or parts are missing"),
        (replace(SESSION, left_out_bytes=9), "9 bytes are on the machine alone"),
    ],
)
def test_recordings_are_listed_with_what_of_them_is_stored(answered, session, said):
    answered.recordings["alpha"] = StoredSessions("2026-11-27T00:00:00Z", {}, [session])
    result = CliRunner().invoke(app, ["recordings"])
    assert result.exit_code == 0
    assert said in result.output
    assert "recording-read MACHINE DAY NAME DIRECTORY" in result.output
    assert "a" * 32 not in result.output


def test_recordings_of_one_machine_are_listed_as_json(answered):
    for name in ("alpha", "beta"):
        answered.recordings[name] = StoredSessions("2026-11-27T00:00:00Z", {}, [SESSION])
    result = CliRunner().invoke(app, ["recordings", "--machine", "beta", "--json"])
    (listed,) = json.loads(result.output).items()
    assert (listed[0], listed[1][0]["name"]) == ("beta", "deploy/00000A")


def test_recordings_of_a_machine_that_cant_be_read_are_told(answered):
    answered.recordings["alpha"] = StoredSessions("2026-11-27T00:00:00Z", {}, [SESSION])
    answered.unreadable_recordings["beta"] = "the state can't be read"
    result = CliRunner().invoke(app, ["recordings"])
    assert result.exit_code == 1
    assert "- beta: the state can't be read" in result.output


def test_recordings_of_a_machine_that_nobody_knows_are_refused(answered):
    result = CliRunner().invoke(app, ["recordings", "--machine", "gamma"])
    assert "nothing is stored of this machine" in str(result.exception)
