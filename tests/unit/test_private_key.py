"""Where a private key's passphrase comes from: a file, or whoever sits at the terminal."""

from pathlib import Path

import pytest

from amanat import private_key
from amanat.errors import BadInput
from amanat.private_key import passphrase_of

KEY = Path("/media/safe/private.asc")


@pytest.mark.parametrize("text", ["sesame", "sesame\n", "sesame\r\n", "sesame\nsecond line\n"])
def test_a_files_first_line_is_the_passphrase(tmp_path, text):
    (tmp_path / "file").write_bytes(text.encode())
    assert passphrase_of(KEY, tmp_path / "file", "--passphrase-file")() == "sesame"


@pytest.mark.parametrize("data", [None, b"", b"\nsesame", b"\xff\xfe"])
def test_a_file_that_holds_none_is_refused(tmp_path, data):
    if data is not None:
        (tmp_path / "file").write_bytes(data)
    with pytest.raises(BadInput, match="--passphrase-file"):
        passphrase_of(KEY, tmp_path / "file", "--passphrase-file")()


def test_without_a_terminal_the_option_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(private_key, "TERMINAL", tmp_path / "none")
    with pytest.raises(BadInput, match="nobody is there to type it") as refused:
        passphrase_of(KEY, None, "--passphrase-file")()
    assert "Give --passphrase-file FILE" in str(refused.value)


def test_whoever_sits_there_is_asked(monkeypatch, tmp_path):
    (tmp_path / "tty").touch()
    monkeypatch.setattr(private_key, "TERMINAL", tmp_path / "tty")
    asked = []
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or "sesame")
    assert passphrase_of(KEY, None, "--passphrase-file")() == "sesame"
    assert asked == [f"Passphrase of {KEY}: "]
