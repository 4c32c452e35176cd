"""What is pinned stays pinned, agrees with itself, and names no address."""

import re

import pytest

from amanat.paths import PROJECT_ROOT
from amanat.setup import versions
from amanat.setup.build import RECIPES, inputs_digest
from amanat.setup.errors import SetupError

LOCKS = [PROJECT_ROOT / "requirements" / name for name in ("run.txt", "test.txt")]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_locks_name_no_address_and_no_option(lock):
    text = lock.read_text()
    assert not re.search(r"^\s*(-i|-f|--(index|extra-index|find-links|trusted|no-index))", text, re.MULTILINE)
    assert "://" not in text


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_has_a_version_and_hashes(lock):
    entries = re.split(r"\n(?=[a-zA-Z0-9])", "\n" + lock.read_text())[1:]
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+ \\\n\s+--hash=sha256:[0-9a-f]{64}", entry), entry[
            :80
        ]


def test_the_locks_agree():
    run, test = (
        dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", lock.read_text(), re.MULTILINE)) for lock in LOCKS
    )
    assert {name: version for name, version in test.items() if run.get(name, version) != version} == {}


def test_python_go_and_the_downloads_agree_on_pulumi():
    known = versions.load()
    run = LOCKS[0].read_text()
    assert f"\npulumi=={known.pulumi.version} " in run
    assert f"\npulumi-docker=={known.docker.version} " in run
    module = (versions.TOOLCHAIN / "pulumi/go.mod").read_text()
    for package in ("pkg", "sdk"):
        assert f"github.com/pulumi/pulumi/{package}/v3 v{known.pulumi.version}" in module
    assert (
        f'version = "{known.docker.version}"' in (versions.TOOLCHAIN / "provider-docker/main.go").read_text()
    )
    for recipe in (recipe for recipes in RECIPES.values() for recipe in recipes):
        assert f"\ngo {known.go_minimum}" in (versions.TOOLCHAIN / recipe.module / "go.mod").read_text()


def test_the_build_s_digest_follows_its_own_inputs_only(tmp_path):
    for module in ("pulumi", "language-python", "provider-docker"):
        (tmp_path / module).mkdir()
        (tmp_path / module / "go.mod").write_text(module)
    known = versions.load()
    sdk, plugin = inputs_digest(known.pulumi, tmp_path), inputs_digest(known.docker, tmp_path)
    (tmp_path / "provider-docker/go.sum").write_text("changed")
    assert inputs_digest(known.pulumi, tmp_path) == sdk
    assert inputs_digest(known.docker, tmp_path) != plugin


def test_pins_are_read_and_checked(tmp_path):
    text = (versions.TOOLCHAIN / "versions.toml").read_text()
    pinned = tmp_path / "versions.toml"
    pinned.write_text(text + f'"pulumi-v3.258.0-linux-x64.tar.gz" = "{"AB" * 32}"\n')
    assert versions.load(pinned, "linux", "x86_64").pulumi.pin == "ab" * 32
    assert versions.load(pinned, "linux", "aarch64").pulumi.pin is None
    pinned.write_text(text + '"pulumi-v3.258.0-linux-x64.tar.gz" = "abc"\n')
    with pytest.raises(SetupError, match="not a SHA-256"):
        versions.load(pinned)


@pytest.mark.parametrize("text", ["", "[pulumi", "[pulumi]\nversion = '1'\n"])
def test_a_spoilt_versions_file_is_said(tmp_path, text):
    (tmp_path / "versions.toml").write_text(text)
    with pytest.raises(SetupError, match="can't be read"):
        versions.load(tmp_path / "versions.toml")


def test_an_unknown_machine_is_said():
    with pytest.raises(SetupError, match="riscv64"):
        versions.load(machine="riscv64")
