"""The verifier PostgreSQL gets instead of a password (RFC 5802, RFC 7677)."""

import base64
import hashlib
import hmac

import pytest

from amanat.law import register
from amanat.paths import PROJECT_ROOT
from tests.loading import load


@pytest.fixture(scope="module")
def scram():
    return load(PROJECT_ROOT / "ansible/roles/postgresql/filter_plugins/scram.py")


def test_a_server_with_the_verifier_accepts_the_exchange_of_rfc_7677(scram):
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    made = scram.verifier("pencil", salt, 4096)
    kind, iterations_salt, keys = made.split("$")
    assert (kind, iterations_salt) == ("SCRAM-SHA-256", "4096:W22ZaJ0SNY7soEsUEjb6gQ==")
    stored, server = map(base64.b64decode, keys.split(":"))
    nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    message = (
        f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={nonce}"
    ).encode()
    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    signature = hmac.digest(stored, message, "sha256")
    client_key = bytes(one ^ other for one, other in zip(proof, signature, strict=True))
    assert hashlib.sha256(client_key).digest() == stored
    answer = base64.b64encode(hmac.digest(server, message, "sha256")).decode()
    assert answer == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_the_servers_verifier_is_kept_while_it_fits(scram):
    first = scram.scram_verifier("password one")
    assert scram.scram_verifier("password one", first) == first
    assert scram.scram_verifier("password two", first) != first


@pytest.mark.parametrize("kept", [None, "", "md5abc", "SCRAM-SHA-256$1:AA==$AA==:AA=="])
def test_anything_else_is_replaced_by_a_fresh_one(scram, kept):
    one, two = (scram.scram_verifier("password", kept) for _ in range(2))
    assert one != two != kept
    assert scram.scram_verifier("password", one) == one


def test_the_password_is_not_in_it_and_it_is_as_slow_as_the_law_asks(scram):
    made = scram.scram_verifier("a password that nobody guesses")
    assert "password" not in made
    rounds = int(made.split("$")[1].split(":")[0])
    assert rounds >= register().bound("A5-6-1-access", "scram_iterations").min


def test_ansible_finds_the_filter(scram):
    assert scram.FilterModule().filters() == {"scram_verifiers": scram.scram_verifiers}
