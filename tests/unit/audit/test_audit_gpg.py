"""Sealed content is opened with gpg alone, and a wrong key is told."""

import base64
import subprocess
from pathlib import Path

import pytest

from amanat.audit.errors import NotChecked
from amanat.audit.gpg import keyring


def gpg(home: Path, *arguments: str, data: bytes = b"") -> bytes:
    command = [
        "gpg",
        "--homedir",
        str(home),
        "--batch",
        "--quiet",
        "--pinentry-mode",
        "loopback",
        "--passphrase",
        "w",
    ]
    return subprocess.run([*command, *arguments], input=data, capture_output=True, check=True).stdout


@pytest.fixture
def operator(tmp_path: Path) -> tuple[Path, Path]:
    """A gpg home with a key pair, and its private half as a file without passphrase."""
    home = tmp_path / "gpg"
    home.mkdir(mode=0o700)
    unprotected = [
        "gpg",
        "--homedir",
        str(home),
        "--batch",
        "--quiet",
        "--pinentry-mode",
        "loopback",
        "--passphrase",
        "",
    ]
    subprocess.run(
        [*unprotected, "--quick-gen-key", "operator", "rsa2048", "encr", "never"],
        check=True,
        capture_output=True,
    )
    private = tmp_path / "private.asc"
    private.write_bytes(
        subprocess.run(
            [*unprotected, "--armor", "--export-secret-keys"], check=True, capture_output=True
        ).stdout
    )
    return home, private


def unasked() -> str:
    raise AssertionError("the key has no passphrase")


def test_a_key_under_a_passphrase_asks_for_it(tmp_path: Path) -> None:
    home = tmp_path / "gpg"
    home.mkdir(mode=0o700)
    gpg(
        home, "--quick-gen-key", "operator", "rsa2048", "encr", "never"
    )  # under the passphrase that gpg() gives: w
    protected = tmp_path / "protected.asc"
    protected.write_bytes(gpg(home, "--armor", "--export-secret-keys"))
    sealed = gpg(home, "--trust-model", "always", "--recipient", "operator", "--encrypt", data=b"data key")
    asked: list[int] = []
    with keyring(protected, lambda: asked.append(1) or "w") as ring:
        assert ring.open_key(base64.b64encode(sealed).decode()) == "data key"
    assert asked == [1]
    with (
        keyring(protected, lambda: "wrong") as ring,
        pytest.raises(NotChecked, match="is its passphrase right"),
    ):
        ring.open_key(base64.b64encode(sealed).decode())


def test_a_key_and_a_text_are_opened(operator: tuple[Path, Path]) -> None:
    home, private = operator
    sealed = gpg(home, "--trust-model", "always", "--recipient", "operator", "--encrypt", data=b"pass-phrase")
    command = ["--passphrase", "pass-phrase", "--symmetric"]
    content = subprocess.run(
        ["gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback", *command],
        input="سلام".encode(),
        capture_output=True,
        check=True,
    ).stdout
    with keyring(private, unasked) as ring:
        passphrase = ring.open_key(base64.b64encode(sealed).decode())
        assert passphrase == "pass-phrase"
        assert ring.open_content(base64.b64encode(content).decode(), passphrase) == "سلام"
        with pytest.raises(NotChecked, match="gpg can't open"):
            ring.open_content(base64.b64encode(content).decode(), "wrong")


def test_a_file_that_is_no_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("rubbish")
    with pytest.raises(NotChecked, match="gpg can't open"), keyring(tmp_path / "key", unasked):
        pass
