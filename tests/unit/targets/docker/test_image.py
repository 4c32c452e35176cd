"""The host image: a context that is rendered and laid out; another root file system only where it differs."""

import os

import pytest

from amanat.targets.docker.image import PACKAGES, _RootFilesystems, render_context, write_context
from tests.unit.conftest import mode


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
