"""The drill that counts is the newest that was signed; the vault's record must be of it."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from amanat.audit.drills import RECORDED_WITHIN_SECONDS, newest_signed
from amanat.audit.errors import NotChecked
from amanat.evidence import Redactor, Run, RunContext
from amanat.evidence.run import new_name
from amanat.evidence.signature import public_pem

CONTEXT = RunContext(stack="local", revision="f" * 40, dirty=False, configuration="0" * 64)
VALUES = {
    "passed": True,
    "records": 7,
    "missing_heads": [],
    "copies": {"store": {"same": 3, "different": []}},
}


@pytest.fixture
def key():
    return Ed25519PrivateKey.generate()


@pytest.fixture
def row(tmp_path):
    return tmp_path / "drills"


@pytest.fixture
def public(tmp_path, key):
    file = tmp_path / "evidence.pub"
    file.write_bytes(public_pem(key))
    return file


@pytest.fixture
def sign(row, key):
    """sign(values): the evidence of a drill with these values; gives its directory."""

    def signed(values=VALUES, signer=None, *, finish=True):
        run = Run.start(row / new_name(), CONTEXT, signer or key, Redactor(), {"what": "restore drill"})
        run.record("drill", values)
        if finish:
            run.finish(values)
        return run.directory

    return signed


def recorded(values=VALUES, **ahead):
    """A line of the vault's, written some time ago."""
    return {"at": (datetime.now(UTC) + timedelta(**ahead)).isoformat(), **values}


def test_a_record_of_the_signed_drill_differs_nowhere(sign, row, public):
    sign()
    found = newest_signed(row, public)
    assert (found.values, found.problems) == (VALUES, ())
    assert found.differs(recorded()) == {}


@pytest.mark.parametrize(
    ("record", "named"),
    [
        ({**VALUES, "records": 8}, {"records": (8, 7)}),
        ({**VALUES, "extra": 1}, {"extra": (1, None)}),
        (
            {key: value for key, value in VALUES.items() if key != "copies"},
            {"copies": (None, VALUES["copies"])},
        ),
    ],
)
def test_a_record_written_by_hand_is_told_apart(sign, row, public, record, named):
    sign()
    assert newest_signed(row, public).differs(recorded(record)) == named


@pytest.mark.parametrize("seconds", [RECORDED_WITHIN_SECONDS + 60, -RECORDED_WITHIN_SECONDS - 60])
def test_an_old_record_with_a_new_date_is_told_apart(sign, row, public, seconds):
    sign()
    assert newest_signed(row, public).differs(recorded(seconds=seconds)).keys() == {"at"}


def test_the_newest_counts_also_where_it_failed(sign, row, public):
    sign()
    sign({**VALUES, "passed": False})
    assert newest_signed(row, public).values["passed"] is False


def test_one_that_was_cut_short_is_none(sign, row, public):
    sign()
    sign({**VALUES, "records": 9}, finish=False)
    assert newest_signed(row, public).values == VALUES


def test_a_changed_manifest_is_named(sign, row, public):
    manifest = sign() / "manifest.json"
    manifest.chmod(0o600)
    manifest.write_text(manifest.read_text().replace('"records": 7', '"records": 8'))
    assert any(problem.startswith("altered") for problem in newest_signed(row, public).problems)


def test_what_another_key_signed_is_named(sign, row, public):
    sign(signer=Ed25519PrivateKey.generate())
    assert any(problem.startswith("foreign-key") for problem in newest_signed(row, public).problems)


def test_without_a_drill_there_is_nothing_to_check(row, public):
    with pytest.raises(NotChecked, match="no restore drill was signed here"):
        newest_signed(row, public)


def test_without_a_key_there_is_nothing_to_check(sign, row, tmp_path):
    sign()
    with pytest.raises(NotChecked, match="no key to verify"):
        newest_signed(row, tmp_path / "none.pub")


@pytest.mark.parametrize("text", ["{}", '{"finished": {"utc": "soon"}}', '{"finished": 3}'])
def test_a_manifest_that_makes_no_sense_is_not_checked(sign, row, public, text):
    manifest = sign() / "manifest.json"
    manifest.chmod(0o600)
    manifest.write_text(text)
    with pytest.raises(NotChecked):
        newest_signed(row, public)
