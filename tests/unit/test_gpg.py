"""GnuPG in a home of its own: what goes in comes out, no secret is an argument, and nothing is left of it."""

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from amanat import gpg
from amanat.gpg import GpgFailed, GpgHome, gpg_home
from amanat.processes import TimedOut
from tests.unit.conftest import mode


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A gpg that does what a test says, in sh."""

    def replace(script):
        path = tmp_path / "bin" / "gpg"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")

    return replace


def test_what_was_sealed_is_opened_from_several_threads():
    with gpg_home() as home:
        sealed = [home.run("--symmetric", data=b"%d" % n, passphrase=b"p%d" % n) for n in range(4)]
        with ThreadPoolExecutor(4) as workers:
            opened = list(
                workers.map(lambda n: home.run("--decrypt", data=sealed[n], passphrase=b"p%d" % n), range(4))
            )
    assert opened == [b"0", b"1", b"2", b"3"]


@pytest.mark.parametrize(("passphrase", "protected"), [(b"", False), (b"sesame", True)])
def test_a_key_under_a_passphrase_is_known(passphrase, protected):
    with gpg_home() as home:
        home.passphrase = passphrase
        home.run("--quick-gen-key", "somebody", "ed25519", "cert", "never")
        assert home.has_protected_key() == protected


def test_a_passphrase_is_no_argument_and_in_no_file(program):
    program('cat "/dev/fd/$(echo "$@" | sed "s/.*--passphrase-fd \\([0-9]*\\).*/\\1/")"; echo " $@"; ls "$2"')
    with gpg_home() as home:
        given, *arguments = home.run("--decrypt", passphrase=b"sesame").decode().split()
    assert given == "sesame"
    assert "sesame" not in arguments
    assert arguments[-1] == "--decrypt", "the home directory has files"


def test_nothing_is_left_of_a_home_whatever_happened_in_it(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with gpg_home() as home:
        (directory,) = tmp_path.iterdir()
        assert mode(directory) == 0o700
        home.run("--list-keys")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(GpgFailed), gpg_home() as home:
        home.run("--no-such-option")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ("echo first >&2; echo 'gpg: No agent running' >&2; exit 2", "gpg: No agent running"),
        ("exit 3", "it ended 3"),
    ],
)
def test_what_gpg_refuses_is_told_in_its_last_words(program, script, what):
    program(script)
    with gpg_home() as home, pytest.raises(GpgFailed) as refused:
        home.run("--decrypt")
    assert refused.value.what == what


def test_a_machine_without_gpg_is_told_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with gpg_home() as home, pytest.raises(GpgFailed, match="can't be run") as refused:
        home.run("--decrypt")
    assert refused.value.fix == "Install gnupg."


def test_a_gpg_that_hangs_is_a_failure_like_any_other(monkeypatch):
    def late(*_, **__):
        raise TimedOut("gpg did not end within 1 s", "gpg", "Look why.")

    monkeypatch.setattr(gpg.processes, "run_bytes", late)
    with gpg_home() as home, pytest.raises(GpgFailed, match="did not end"):
        home.run("--decrypt")


def test_the_agent_ends_with_the_home(monkeypatch):
    ended = []
    monkeypatch.setattr(GpgHome, "stop_agent", lambda home: ended.append(home))
    with gpg_home() as home:
        assert ended == []
    assert ended == [home]


def test_no_descriptor_is_left_open():
    before = len(list(Path("/proc/self/fd").iterdir()))
    with gpg_home() as home:
        for _ in range(3):
            home.run("--list-keys")
    assert len(list(Path(f"/proc/{os.getpid()}/fd").iterdir())) == before
