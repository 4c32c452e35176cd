"""An audit asks once for the passphrase of the operator's key, keeps it out of evidence, and goes on without it."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from amanat import private_key
from amanat.audit.client import Client
from amanat.audit.errors import NotChecked
from amanat.evidence import Redactor


def probe(tmp_path: Path, file: Path | None) -> tuple[Client, Redactor]:
    (tmp_path / "private.asc").touch()
    redactor = Redactor()
    options = SimpleNamespace(sealing_key=tmp_path / "private.asc", sealing_passphrase_file=file)
    audit = SimpleNamespace(options=options, recorder=SimpleNamespace(redact=redactor))
    return Client(audit), redactor  # type: ignore[arg-type]


def test_it_is_read_once_and_redacted(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("open sesame\n", "utf-8")
    client, redactor = probe(tmp_path, tmp_path / "word")
    assert client.sealing_passphrase() == "open sesame"
    (tmp_path / "word").unlink()
    assert client.sealing_passphrase() == "open sesame"
    assert "open sesame" not in redactor("gpg says open sesame")


def test_where_nobody_gives_it_the_check_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_key, "TERMINAL", tmp_path / "none")
    client, _ = probe(tmp_path, None)
    with pytest.raises(NotChecked, match="nobody is there to type it") as refused:
        client.sealing_passphrase()
    assert "--sealing-passphrase-file FILE" in refused.value.fix
