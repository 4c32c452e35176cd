"""Secrets never reach the evidence; what only looks similar stays readable."""

import base64
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from amanat.evidence import Redactor, Run

PEM = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqG\n-----END PRIVATE KEY-----"
SECRET = "c0rrect/horse'battery=staple"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"key:\n{PEM}\nrest", "MIGHAgEA"),
        (json.dumps({"key": PEM}), "MIGHAgEA"),
        (PEM.replace("PRIVATE KEY", "OPENSSH PRIVATE KEY"), "MIGHAgEA"),
        (PEM.replace("PRIVATE KEY", "PGP PRIVATE KEY BLOCK"), "MIGHAgEA"),
        (PEM[:50], "MIGHAgEA"),
        ("postgresql://writer:hunter22@store:5432/archive", "hunter22"),
        ("SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy", "c3RvcmVk"),
        ("rolpassword md5" + "0123456789abcdef" * 2, "0123456789abcdef"),
        ("root:$y$j9T$abcdefgh$ijklmnop:19000:0", "ijklmnop"),
        ("root:$6$saltsalt$hashhash:19000:0", "hashhash"),
        ("PGPASSWORD=hunter22 psql", "hunter22"),
        ('{"password": "hunter 22"}', "hunter 22"),
        ("password: hunter22", "hunter22"),
        ("Authorization: Bearer abc.def.ghi", "abc.def"),
        ("AGE-SECRET-KEY-1QQQQQQQQ", "QQQQ"),
    ],
)
def test_what_looks_like_a_secret_is_redacted(text: str, secret: str) -> None:
    redacted = Redactor()(text)
    assert secret not in redacted
    assert "[redacted]" in redacted
    assert Redactor()(redacted) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "password_encryption = scram-sha-256",
        "passwordauthentication no",
        "permitemptypasswords no",
        "hostssl archive archive_writer 10.0.0.0/8 scram-sha-256 clientcert=verify-full",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
        "https://debian.example/debian trixie",
        "a" * 64,
        "ssh://deploy@10.0.0.1:22",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor()(text) == text


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        SECRET.encode().hex(),
        SECRET.replace("'", "'\\''"),
        f"before{SECRET}after",
    ],
)
def test_a_known_secret_is_redacted_in_every_form(form: str) -> None:
    assert form not in Redactor([SECRET])(f"x {form} y")


def test_a_line_of_a_known_key_is_redacted() -> None:
    body = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ"
    key = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\n"
    assert body not in Redactor([key])(f"  | {body}")


def test_the_longer_of_two_overlapping_secrets_wins() -> None:
    assert Redactor(["secret-1", "secret-1-and-more"])("secret-1-and-more") == "[redacted]"


def test_short_and_empty_values_blank_nothing_out() -> None:
    assert Redactor(["", "a", "  ", "abc"])("a banana abc") == "a banana abc"


def test_secrets_given_to_a_run_are_in_none_of_its_files(begin: Callable[..., Run]) -> None:
    run = begin(redact=Redactor([SECRET]))
    run.record("command", {"command": f"psql {SECRET}", "argv": [SECRET], "k": {"deep": (SECRET,)}})
    run.finish({"reason": f"expected {SECRET}"})
    for path in run.directory.rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()
