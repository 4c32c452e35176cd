"""The host image: a root file system that is made once, whole or not at all; a context that is rendered."""

import os

import pytest

from amanat.targets import image
from amanat.targets.image import (
    PACKAGES,
    BootstrapFailed,
    _RootFilesystems,
    bootstrap,
    render_context,
    write_context,
)
from tests.unit.conftest import mode

MAKES = 'echo "$@" >> "$CALLS"; for word; do case "$word" in *.tar) echo rootfs > "$word" ;; esac; done\n'


@pytest.fixture
def mmdebstrap(tmp_path, monkeypatch):
    """mmdebstrap(script) puts such a program on PATH; calls() tells with what it was called."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(image.Mirrors, "from_environment", lambda: image.Mirrors())
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))

    def put(script):
        program = tmp_path / "bin/mmdebstrap"
        program.write_text(f"#!/bin/sh\n{script}", "utf-8")
        program.chmod(0o755)
        return lambda: (tmp_path / "calls").read_text("utf-8").splitlines()

    return put


def cached(tmp_path):
    return sorted(path.name for path in (tmp_path / "cache/amanat/rootfs").iterdir())


def test_a_root_file_system_is_made_once(mmdebstrap, tmp_path):
    calls = mmdebstrap(MAKES)
    first = bootstrap("trixie", "http://m/debian", ["systemd", "sudo"])
    assert bootstrap("trixie", "", ["systemd", "sudo"]) == first
    assert first.read_text("utf-8") == "rootfs\n"
    assert cached(tmp_path) == [first.name]
    (call,) = calls()
    assert call.startswith("--variant=minbase --include=systemd,sudo ")
    assert "rootfs.tar http://m/debian" in call


def test_other_packages_or_another_suite_are_another_file(mmdebstrap):
    mmdebstrap(MAKES)
    made = {bootstrap(*one) for one in (("a", "", ["x"]), ("b", "", ["x"]), ("a", "", ["x", "y"]))}
    assert len(made) == 3


def test_a_failed_bootstrap_leaves_nothing_and_tells_why(mmdebstrap, tmp_path):
    mmdebstrap(f'{MAKES}echo "I: working" >&2; echo "E: no such suite" >&2; exit 1\n')
    with pytest.raises(BootstrapFailed) as failure:
        bootstrap("trixie", "", ["x"])
    assert failure.value.what == "E: no such suite"
    assert "mirror" in failure.value.fix
    assert cached(tmp_path) == []


@pytest.mark.parametrize(
    ("script", "what", "fix"),
    [
        ("echo 'tar: x: No space left on device' >&2; exit 2\n", "No space left", "Free space under"),
        ("exit 3\n", "without saying why", "mirror"),
    ],
)
def test_each_failure_has_its_fix(mmdebstrap, script, what, fix):
    mmdebstrap(script)
    with pytest.raises(BootstrapFailed) as failure:
        bootstrap("trixie", "", ["x"])
    assert what in failure.value.what
    assert fix in failure.value.fix


def test_a_missing_mmdebstrap_is_told(mmdebstrap, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(BootstrapFailed, match="mmdebstrap is not installed"):
        bootstrap("trixie", "", ["x"])


def test_an_endless_bootstrap_is_ended(mmdebstrap, monkeypatch):
    mmdebstrap("exec cat /dev/zero > /dev/null\n")
    monkeypatch.setattr(image, "BOOTSTRAP_LIMIT_SECONDS", 0.2)
    with pytest.raises(BootstrapFailed, match="took more than 0.2 s"):
        bootstrap("trixie", "", ["x"])


@pytest.mark.parametrize(
    ("news", "replaces"),
    [({"mirror": "http://m"}, []), ({"suite": "b"}, ["suite"]), ({"packages": []}, ["packages"])],
)
def test_another_mirror_needs_no_other_file(news, replaces):
    olds = {"suite": "a", "mirror": "", "packages": ["x"], "path": "/p"}
    diff = _RootFilesystems().diff("id", olds, {**olds, **news})
    assert (diff.changes, diff.replaces) == (bool(replaces), replaces)


def test_a_context_starts_from_what_was_chosen():
    made, pulled = render_context("bootstrap", "debian:x"), render_context("pull", "debian:x")
    assert set(made) == set(pulled) == {"Dockerfile", "first-boot.conf", "deploy.sudoers"}
    assert "rootfs.tar" in made["Dockerfile"]
    assert "debian:x" not in made["Dockerfile"]
    assert "FROM debian:x" in pulled["Dockerfile"]
    assert all(package in pulled["Dockerfile"] for package in PACKAGES)
    assert not [text for text in (*made.values(), *pulled.values()) if "{{" in text or "{%" in text]


def test_a_context_is_laid_out_afresh(tmp_path):
    directory, tar = tmp_path / "a" / "image", tmp_path / "root.tar"
    tar.write_text("rootfs", "utf-8")
    write_context(directory, {"Dockerfile": "FROM scratch\n"}, str(tar))
    (directory / "old").write_text("", "utf-8")
    assert write_context(directory, {"Dockerfile": "FROM x\n"}, str(tar)) == directory
    assert {path.name: path.read_text("utf-8") for path in directory.iterdir()} == {
        "Dockerfile": "FROM x\n",
        "rootfs.tar": "rootfs",
    }
    assert mode(directory) == 0o700


def test_where_a_link_cannot_be_the_file_is_copied(tmp_path, monkeypatch):
    def refuse(*paths):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "root.tar").write_text("rootfs", "utf-8")
    directory = write_context(tmp_path / "image", {}, str(tmp_path / "root.tar"))
    assert (directory / "rootfs.tar").read_text("utf-8") == "rootfs"


@pytest.mark.parametrize("tar", ["", "/nonexistent/root.tar"])
def test_a_context_without_a_root_file_system(tmp_path, tar):
    assert list(write_context(tmp_path / "image", {}, tar).iterdir()) == []
