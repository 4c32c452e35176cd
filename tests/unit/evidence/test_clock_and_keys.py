"""Times in both calendars; signing keys that are made once and guarded."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from amanat.evidence.clock import Moment
from amanat.evidence.signature import BadSigningKey, fingerprint, public_key, public_pem, signing_key


@pytest.mark.parametrize(
    ("instant", "solar_hijri"),
    [
        (datetime(2025, 3, 20, 20, 29, 59, tzinfo=UTC), "1403-12-30 23:59:59 +03:30"),  # 1403 is a leap year
        (datetime(2025, 3, 20, 20, 30, tzinfo=UTC), "1404-01-01 00:00:00 +03:30"),
        (datetime(2019, 5, 1, tzinfo=UTC), "1398-02-11 03:30:00 +03:30"),
    ],
)
def test_the_solar_hijri_day_begins_at_midnight_in_tehran(instant: datetime, solar_hijri: str) -> None:
    assert Moment.of(instant).solar_hijri == solar_hijri


def test_utc_is_iso_8601() -> None:
    assert Moment.of(datetime(2025, 11, 22, 15, 26, 7, 89000, tzinfo=UTC)).utc == "2025-11-22T15:26:07.089Z"


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "evidence.key"
    first = signing_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert public_pem(signing_key(path)) == public_pem(first)
    assert [entry.name for entry in path.parent.iterdir()] == ["evidence.key"]
    assert fingerprint(public_key(path)) == fingerprint(first.public_key())


def test_a_key_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evidence.key"
    signing_key(path)
    path.chmod(0o644)
    with pytest.raises(BadSigningKey, match=r"others can read.*\n.*chmod 600"):
        signing_key(path)


def other_key() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("content", "what"), [(b"", "PEM form"), (b"rubbish", "PEM form"), (other_key(), "Ed25519")]
)
def test_another_file_in_its_place_is_one_clear_message(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "evidence.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(BadSigningKey, match=what):
        signing_key(path)


def test_a_directory_that_is_a_file_is_one_clear_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSigningKey, match="can't be made or read"):
        signing_key(tmp_path / "file" / "evidence.key")
