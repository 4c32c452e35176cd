"""Disclosure: the archive is asked in two steps, the bundle is signed, and only the operator's key opens it."""

import base64
import json
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from amanat import disclosure
from amanat.disclosure import BundleRefused, DisclosureFailed, Order, Selector, disclose, fetch, open_bundle
from amanat.errors import BadInput
from amanat.keys import make_sealing_key

ORDER = Order("1405-778", date(2026, 3, 20), "Dr. Karimi")
SELECTOR = Selector(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC), parties=("+98912",))
PASSPHRASE = "ab" * 32
CONTENT = "سلام، وقت شما ساعت ۹ است"


def unasked():
    """No key of these tests has a passphrase, but where one says so."""
    raise AssertionError("nobody was to be asked")


class Archive:
    """Answers as the archive does; `waits` times it says that the request is not chained yet.

    `empty` times it gives no rows then: what the request finds is not chained yet.
    """

    def __init__(self, rows=(), waits=0, refusal=None, empty=0):
        self.rows, self.waits, self.refusal, self.empty = rows, waits, refusal, empty
        self.asked = []

    def execute(self, statement, parameters):
        self.asked.append(parameters)
        if self.refusal:
            raise self.refusal
        if "request_disclosure" in statement:
            return SimpleNamespace(fetchone=lambda: (7,))
        if self.waits:
            self.waits -= 1
            raise psycopg.errors.ObjectNotInPrerequisiteState("the request is not chained yet")
        if self.empty:
            self.empty -= 1
            return SimpleNamespace(fetchall=list)
        return SimpleNamespace(fetchall=lambda: list(self.rows))


@pytest.fixture(scope="module")
def sealing(tmp_path_factory):
    """A sealing pair as the stack makes it, and a gpg home with its public half."""
    _, public, private = make_sealing_key("test")
    home = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)
    gpg(home, "--import", data=public.encode())
    private_file = home / "private.asc"
    private_file.write_text(private)
    yield home, private_file
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)


@pytest.fixture(scope="module")
def rows(sealing):
    """What fetch_disclosure answers of one message."""
    return sealed_rows(sealing[0])


def sealed_rows(home, text=None):
    """A disclosure of one message, sealed by gpg to the key in `home` the way pgcrypto does it."""
    key = gpg(home, "--trust-model", "always", "--recipient", "Amanat", "--encrypt", data=PASSPHRASE.encode())
    plain = [
        "--s2k-mode",
        "0",
        "--s2k-digest-algo",
        "SHA256",
        "--cipher-algo",
        "AES256",
        "--compress-algo",
        "none",
    ]
    loopback = ["--pinentry-mode", "loopback", "--passphrase", PASSPHRASE]
    content = gpg(home, *loopback, *plain, "--symmetric", data=CONTENT.encode() if text is None else text)
    message = {"id": 5, "key_id": 3, "channel": "sms", "content": base64.encodebytes(content).decode()}
    return [
        ("disclosure", {"id": 7, "order_number": ORDER.number, "records": 1}),
        ("seal", {"seq": 9, "hash": "00"}),
        ("data_key", {"id": 3, "sealed": base64.encodebytes(key).decode()}),
        ("message", message),
    ]


@pytest.fixture
def no_waiting(monkeypatch):
    monkeypatch.setattr(disclosure, "POLL_SECONDS", 0)


def gpg(home, *arguments, data=b""):
    done = subprocess.run(
        ["gpg", "--homedir", str(home), "--batch", "--quiet", *arguments],
        input=data,
        capture_output=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("content", [b"\xff\x00\x80", b"\xed\xa0\x80", "سلام".encode("utf-16")])
def test_content_that_is_no_text_is_opened_as_bytes(sealing, tmp_path, content):
    signer = Ed25519PrivateKey.generate()
    path = disclose(Archive(sealed_rows(sealing[0], content)), ORDER, SELECTOR, signer, tmp_path).path
    record = open_bundle(path, sealing[1], signer.public_key(), unasked).records[0]
    assert base64.b64decode(record["content_base64"]) == content
    assert "content" not in record


def test_a_bundle_is_opened_by_the_private_key(rows, sealing, tmp_path):
    signer = Ed25519PrivateKey.generate()
    path = disclose(Archive(rows), ORDER, SELECTOR, signer, tmp_path).path
    opened = open_bundle(path, sealing[1], signer.public_key(), unasked)
    assert path.name == "disclosure-7.json"
    assert [record["content"] for record in opened.records] == [CONTENT]
    assert opened.disclosure["order_number"] == ORDER.number


def test_a_bundle_says_nothing_by_itself_and_is_for_its_owner_only(rows, tmp_path):
    path = disclose(Archive(rows), ORDER, SELECTOR, Ed25519PrivateKey.generate(), tmp_path).path
    assert CONTENT not in path.read_text()
    assert PASSPHRASE not in path.read_text()
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}


def test_one_changed_byte_is_refused_before_any_key_is_used(rows, tmp_path):
    signer = Ed25519PrivateKey.generate()
    path = disclose(Archive(rows), ORDER, SELECTOR, signer, tmp_path).path
    path.write_text(path.read_text().replace("1405-778", "1405-779"))
    with pytest.raises(BundleRefused, match="signature is not of this bundle"):
        open_bundle(path, Path("/nonexistent"), signer.public_key(), unasked)


def test_another_signer_is_refused(rows, sealing, tmp_path):
    path = disclose(Archive(rows), ORDER, SELECTOR, Ed25519PrivateKey.generate(), tmp_path).path
    with pytest.raises(BundleRefused, match="signature"):
        open_bundle(path, sealing[1], Ed25519PrivateKey.generate().public_key(), unasked)


def test_a_missing_signature_is_refused(rows, sealing, tmp_path):
    signer = Ed25519PrivateKey.generate()
    path = disclose(Archive(rows), ORDER, SELECTOR, signer, tmp_path).path
    disclosure.signature_path(path).unlink()
    with pytest.raises(BundleRefused, match="can't be read"):
        open_bundle(path, sealing[1], signer.public_key(), unasked)


def test_another_private_key_opens_nothing(rows, tmp_path):
    signer = Ed25519PrivateKey.generate()
    path = disclose(Archive(rows), ORDER, SELECTOR, signer, tmp_path).path
    other = tmp_path / "other.asc"
    other.write_text(make_sealing_key("other")[2])
    with pytest.raises(BundleRefused, match="data key 3 stays shut"):
        open_bundle(path, other, signer.public_key(), unasked)


@pytest.fixture(scope="module")
def protected(tmp_path_factory):
    """A private key under a passphrase, as an operator keeps it in a safe, and what is sealed to it."""
    home = tmp_path_factory.mktemp("protected")
    home.chmod(0o700)
    loopback = ["--pinentry-mode", "loopback", "--passphrase", "گشا sesame"]
    gpg(home, *loopback, "--quick-gen-key", "Amanat", "rsa2048", "encr", "never")
    file = home / "protected.asc"
    file.write_bytes(gpg(home, *loopback, "--armor", "--export-secret-keys"))
    yield file, sealed_rows(home)
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)


def test_a_private_key_under_a_passphrase_asks_for_it_once(protected, tmp_path):
    signer = Ed25519PrivateKey.generate()
    path = disclose(Archive(protected[1]), ORDER, SELECTOR, signer, tmp_path).path
    asked = []
    opened = open_bundle(path, protected[0], signer.public_key(), lambda: asked.append(1) or "گشا sesame")
    assert [record["content"] for record in opened.records] == [CONTENT]
    assert asked == [1]


def test_a_wrong_passphrase_is_called_so(protected, tmp_path):
    signer = Ed25519PrivateKey.generate()
    path = disclose(Archive(protected[1]), ORDER, SELECTOR, signer, tmp_path).path
    with pytest.raises(BundleRefused, match=r"data key 3 stays shut.*\n.*passphrase belongs to that key"):
        open_bundle(path, protected[0], signer.public_key(), lambda: "another")


def test_the_count_of_records_is_given(rows, tmp_path):
    made = disclose(Archive(rows), ORDER, SELECTOR, Ed25519PrivateKey.generate(), tmp_path)
    assert (made.number, made.records) == (7, 1)
    none = disclose(Archive(rows[:2]), ORDER, SELECTOR, Ed25519PrivateKey.generate(), tmp_path / "none")
    assert none.records == 0


@pytest.mark.parametrize("typed", ["+۹۸۹۱۲", "+٩٨٩١٢", "+９８９１２", "+98९१२"])
def test_a_request_shows_parties_in_the_archives_one_form(typed):
    asked = Selector(SELECTOR.since, SELECTOR.until, parties=(typed, "cafe\u0301"))
    assert json.loads(asked.as_json())["parties"] == ["+98912", "café"]


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200b", "\x07", "\u2028"])
def test_a_party_or_a_name_with_signs_that_nobody_sees_is_refused(sign):
    with pytest.raises(BadInput, match="can't be seen"):
        Selector(SELECTOR.since, SELECTOR.until, parties=(f"+98{sign}912",))
    for number, approver in ((f"77{sign}8", "Dr. Karimi"), ("778", f"Dr.{sign} Karimi")):
        with pytest.raises(BadInput, match="can't be seen"):
            Order(number, ORDER.date, approver)


def test_an_orders_number_has_latin_digits_and_a_name_keeps_its_own():
    order = Order("۱۴۰۵/۸۸", ORDER.date, "علی‌رضا ۲")
    assert (order.number, order.approver) == ("1405/88", "علی‌رضا ۲")


def test_a_bundle_is_never_written_over(rows, tmp_path):
    signer = Ed25519PrivateKey.generate()
    disclose(Archive(rows), ORDER, SELECTOR, signer, tmp_path)
    with pytest.raises(DisclosureFailed, match="can't be written"):
        disclose(Archive(rows), ORDER, SELECTOR, signer, tmp_path)


def test_fetching_waits_until_the_request_is_chained(rows, no_waiting):
    archive = Archive(rows, waits=3)
    assert fetch(archive, 7)["records"][0]["kind"] == "message"
    assert len(archive.asked) == 4


def test_fetching_waits_until_what_was_found_is_chained(rows, no_waiting):
    archive = Archive(rows, waits=1, empty=2)
    assert fetch(archive, 7)["records"]
    assert len(archive.asked) == 4
    with pytest.raises(
        DisclosureFailed, match=r"what the request finds is not chained.*\n?.*amanat-archive-seal"
    ):
        fetch(Archive(rows, empty=9), 7, patience_seconds=-1)


def test_a_request_that_is_never_chained_says_what_to_look_at(rows, no_waiting):
    class Stuck(psycopg.errors.ObjectNotInPrerequisiteState):
        sqlstate = "55000"

    with pytest.raises(DisclosureFailed, match=r"amanat-archive-seal\.service"):
        fetch(Archive(rows, refusal=Stuck("the request is not chained yet")), 7, patience_seconds=-1)


def test_a_refusal_is_told_in_the_archives_words(tmp_path):
    archive = Archive(refusal=psycopg.errors.InvalidParameterValue("disclosure refused: too wide"))
    with pytest.raises(DisclosureFailed, match="too wide"):
        disclose(archive, ORDER, SELECTOR, Ed25519PrivateKey.generate(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_selector_leaves_out_what_is_empty():
    assert json.loads(SELECTOR.as_json()) == {
        "record": "message",
        "from": "2026-03-01T00:00:00+00:00",
        "until": "2026-03-02T00:00:00+00:00",
        "parties": ["+98912"],
    }
