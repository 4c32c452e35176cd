"""Where Pulumi's tools come from, in which order, and what killed runs can't spoil."""

import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from amanat.locks import file_lock
from amanat.setup import plugins, versions
from amanat.setup.errors import BuildFailed, DownloadRefused, DownloadUnreachable, SetupError
from amanat.setup.mirrors import Mirrors
from amanat.setup.tool_cache import cache_dir, is_intact, put
from amanat.setup.toolchain import Tools, environment, fits, tools

from .conftest import COMPANIONS, PULUMI, tarball

GO = """#!/bin/sh
echo "$PWD: $@" >>"$HOME/go-was-asked"
case "$1" in
env) echo go1.26.8 ;;
mod) mkdir -p "$HOME/sdk/python/cmd" "$HOME/sdk/python/dist"
  touch "$HOME/sdk/python/cmd/pulumi-language-python-exec"
  touch "$HOME/sdk/python/dist/pulumi-resource-pulumi-python"
  echo "{\\"Dir\\": \\"$HOME/sdk\\"}" ;;
build)
  while [ "$1" != -o ]; do shift; done
  case "$2" in */pulumi) cp "$HOME/fake-pulumi" "$2" ;; *) echo built >"$2" ;; esac
  chmod +x "$2"; echo a/package; echo b/package ;;
esac
"""


@pytest.fixture
def unreachable():
    return Mirrors(pulumi_downloads="https://127.0.0.1:1")


@pytest.fixture
def published(mirror, archives):
    """A mirror with both archives; returns the settings that lead there."""
    known = versions.load()
    mirror.publish(known.pulumi, archives["pulumi"])
    mirror.publish(known.docker, archives["docker"])
    return Mirrors(
        pulumi_downloads=mirror.base,
        trusted_ca=mirror.authority.read_text(encoding="utf-8"),
        trust_is_chosen=True,
    )


@pytest.fixture
def go(tmp_path, program):
    (tmp_path / "fake-pulumi").write_text(PULUMI, encoding="utf-8")
    program("go", GO)
    return tmp_path / "go-was-asked"


def test_downloads_are_used_kept_and_registered(machine, published, mirror, report, tmp_path):
    got = tools("download", report, published, machine)
    assert got.source == "download"
    assert sorted(path.name for path in got.binaries.iterdir()) == sorted(["pulumi", *COMPANIONS])
    assert (
        tmp_path / "pulumi/plugins/resource-docker-v5.2.0/pulumi-resource-docker"
    ).read_bytes() == b"plugin"
    asked = len(mirror.asked)
    assert tools("download", report, published, machine) == got
    assert tools(None, report, published, machine) == got
    assert len(mirror.asked) == asked
    assert len((tmp_path / "pulumi/installed").read_text().splitlines()) == 1


def test_an_archive_without_its_programs_is_refused(machine, published, mirror, archives, report):
    mirror.publish(versions.load().pulumi, archives["docker"])
    with pytest.raises(DownloadRefused, match="holds no pulumi, pulumi-language-python,"):
        tools("download", report, published, machine)
    assert not list(cache_dir().glob("*pulumi-3*"))


@pytest.mark.parametrize("source", [None, "download"])
def test_a_wrong_digest_stops_even_where_building_is_possible(
    machine, published, mirror, archives, report, go, source
):
    mirror.publish(versions.load().pulumi, archives["pulumi"], digest="0" * 64)
    with pytest.raises(DownloadRefused):
        tools(source, report, published, machine)
    assert not go.exists()


def test_out_of_reach_means_built_from_source_and_said_once(machine, unreachable, report, go):
    before = _sums()
    got = tools(None, report, unreachable, machine)
    assert got.source == "build"
    assert [note for note in report.notes if "building from source instead" in note] == report.notes
    assert len(report.notes) == 1
    builds = [line for line in go.read_text().splitlines() if ": build " in line]
    assert len(builds) == 3
    assert all("-mod=readonly" in line for line in builds)
    assert _sums() == before


def test_unchanged_inputs_are_never_built_again(machine, unreachable, report, go):
    first = tools("build", report, unreachable, machine)
    asked = go.read_text()
    assert tools("build", report, unreachable, machine) == first
    assert tools(None, report, unreachable, machine) == first
    assert go.read_text() == asked


def test_forced_downloads_do_not_fall_back(machine, unreachable, report, go):
    with pytest.raises(DownloadUnreachable):
        tools("download", report, unreachable, machine)
    assert not go.exists()


def test_programs_on_path_that_fit_are_used(machine, published, report, program, tmp_path):
    program("pulumi", PULUMI)
    for name in COMPANIONS:
        program(name, "#!/bin/sh\n")
    got = tools(None, report, published, machine)
    assert (got.binaries, got.source) == (tmp_path / "path", "path, Docker plugin download")


def test_one_missed_answer_does_not_mean_building(machine, published, report, monkeypatch):
    answers = iter([TimeoutError("a moment's stall")])
    connect = socket.create_connection

    def stalls_once(*address, **options):
        for failure in answers:
            raise failure
        return connect(*address, **options)

    monkeypatch.setattr(socket, "create_connection", stalls_once)
    assert tools(None, report, published, machine).source == "download", report.notes


@pytest.mark.parametrize(
    ("pulumi", "note"),
    [
        (PULUMI, "lacks pulumi-language-python, pulumi-language-python-exec"),
        ("#!/bin/sh\necho v3.100.0\n", "3.100.0 on PATH doesn't fit"),
        ("#!/bin/sh\nexit 3\n", r"\(no version\) on PATH doesn't fit"),
    ],
)
def test_programs_on_path_that_do_not_fit_are_passed_over(machine, published, report, program, pulumi, note):
    program("pulumi", pulumi)
    assert tools(None, report, published, machine).source == "download", report.notes
    assert any(re.search(note, said) for said in report.notes)


@pytest.mark.parametrize(
    ("found", "fit"),
    [
        ("3.258.0", True),
        ("3.259.1", True),
        ("3.259.0-alpha.1", True),
        ("3.258.0-dev.0", False),
        ("3.257.9", False),
        ("4.0.0", False),
        ("2.258.0", False),
        ("", False),
        ("nonsense", False),
    ],
)
def test_which_releases_fit(found, fit):
    assert fits(found, "3.258.0") is fit


def test_no_go_is_said(machine, unreachable, report, tmp_path):
    machine["PATH"] = str(tmp_path / "path")
    with pytest.raises(BuildFailed, match=r"needs Go 1\.26, and there is none") as missing:
        tools("build", report, unreachable, machine)
    assert "AMANAT_PULUMI_DOWNLOADS" in missing.value.fix


@pytest.mark.parametrize(
    "name", ["GOFLAGS", "GOOS", "GOARCH", "GO111MODULE", "GOEXPERIMENT", "CGO_ENABLED", "GOWORK", "GODEBUG"]
)
def test_a_build_is_the_same_in_anybodys_environment(machine, unreachable, report, go, program, name):
    """Nor does Go's own configuration file have a say (`go env -w`), but for where modules come from."""
    program("go", GO.replace("build)", 'build)\n  env >"$HOME/built-in"', 1))
    tools("build", report, unreachable, {**machine, name: "nothing-good"})
    seen = (Path(machine["HOME"]) / "built-in").read_text("utf-8").splitlines()
    assert f"{name}=nothing-good" not in seen
    assert {"GOENV=off", "GOWORK=off"} <= set(seen)


def test_where_go_was_told_to_find_modules_stays(machine, unreachable, report, go, program):
    told = '{"GOPROXY": "https://mirror.example", "GOSUMDB": "off", "GOFLAGS": "-mod=mod"}'
    asked = f"""case "$2" in -json) echo '{told}' ;; *) echo go1.26.8 ;; esac"""
    fake = GO.replace("env) echo go1.26.8 ;;", f"env) {asked} ;;")
    program("go", fake.replace("build)", 'build)\n  env >"$HOME/built-in"', 1))
    tools("build", report, unreachable, machine)
    seen = (Path(machine["HOME"]) / "built-in").read_text("utf-8").splitlines()
    assert {"GOPROXY=https://mirror.example", "GOSUMDB=off"} <= set(seen)
    assert not [line for line in seen if line.startswith("GOFLAGS=")]


def test_an_old_go_is_said(machine, unreachable, report, program):
    program("go", "#!/bin/sh\necho go1.24.4\n")
    with pytest.raises(BuildFailed, match=r"this one is go1\.24\.4"):
        tools("build", report, unreachable, machine)


def test_a_failed_build_says_go_s_last_words_and_leaves_nothing(machine, unreachable, report, program):
    program(
        "go", '#!/bin/sh\n[ "$1" = env ] && echo go1.26.8 && exit\necho "no route to the proxy"; exit 1\n'
    )
    with pytest.raises(BuildFailed, match="no route to the proxy") as failed:
        tools("build", report, unreachable, machine)
    assert "AMANAT_GOPROXY" in failed.value.fix
    assert [path.name for path in cache_dir().iterdir()] == [".lock"]


def test_an_unknown_source_is_refused(machine, report):
    with pytest.raises(SetupError, match="'guess' is not a source"):
        tools("guess", report, Mirrors(), machine)


def test_what_a_power_cut_shortened_is_made_again(machine, published, report):
    got = tools("download", report, published, machine)
    (got.binaries / "pulumi").write_bytes(b"")
    assert tools("download", report, published, machine).binaries.joinpath("pulumi").read_text() == PULUMI


def test_a_killed_run_leaves_no_lock_and_no_half_made_entry(machine, published, report, tmp_path):
    filling = (
        "import pathlib, sys, amanat.setup.tool_cache as s\n"
        "from amanat.locks import file_lock\n"
        "def fill(into):\n"
        "    (into / 'pulumi').write_text('half'); print('filling', flush=True); sys.stdin.read()\n"
        "with file_lock(s.cache_dir() / '.lock'):\n"
        "    s.put(s.cache_dir() / 'pulumi-x', fill)\n"
    )
    env = {**os.environ, **machine, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    with subprocess.Popen(
        [sys.executable, "-c", filling], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "filling\n"
        process.send_signal(signal.SIGKILL)
    assert not (cache_dir() / "pulumi-x").exists()
    assert list(cache_dir().glob(".partial-*"))
    got = tools("download", report, published, machine)
    assert is_intact(got.binaries.parent)
    assert not list(cache_dir().glob(".partial-*"))


def test_a_plugin_left_half_installed_is_installed_again(machine, published, report, tmp_path):
    tools("download", report, published, machine)
    place = tmp_path / "pulumi/plugins"
    (place / "resource-docker-v5.2.0.partial").touch()
    assert not plugins.installed(versions.load().docker, machine)
    (place / "resource-docker-v5.2.0.partial").unlink()
    (place / "resource-docker-v5.2.0/pulumi-resource-docker").unlink()
    tools(None, report, published, machine)
    assert plugins.installed(versions.load().docker, machine)


def test_a_plugin_that_pulumi_refuses_is_said(machine, published, mirror, archives, report):
    broken = PULUMI.replace("mkdir -p", "echo disk full >&2; exit 4; mkdir -p").encode()
    names = {f"pulumi/{name}": b"" for name in COMPANIONS}
    mirror.publish(versions.load().pulumi, tarball(names | {"pulumi/pulumi": broken}))
    with pytest.raises(SetupError, match="disk full"):
        tools("download", report, published, machine)


def test_the_second_process_waits_and_says_so(machine):
    holding = (
        "import sys, amanat.setup.tool_cache as s\n"
        "from amanat.locks import file_lock\n"
        "with file_lock(s.cache_dir() / '.lock'):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    said = []
    with subprocess.Popen(
        [sys.executable, "-c", holding], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"

        def waiting(holder_id):
            said.append("waiting")
            holder.stdin.close()

        with file_lock(cache_dir() / ".lock", waiting):
            assert said == ["waiting"]


def test_a_failed_fill_leaves_the_old_entry(machine):
    def fails(into):
        raise BuildFailed(what="no")

    entry = cache_dir() / "entry"
    put(entry, lambda into: [(into / "a").write_text("x") and "a"])
    with pytest.raises(BuildFailed):
        put(entry, fails)
    assert is_intact(entry)


def test_our_programs_come_first_and_pulumi_keeps_quiet(machine, tmp_path):
    env = environment(Tools(tmp_path / "bin", {}, "build"), Mirrors(), machine)
    path = env["PATH"].split(":")
    assert path[0] == os.path.dirname(sys.executable)
    assert path[1] == str(tmp_path / "bin")
    assert env["PULUMI_SKIP_UPDATE_CHECK"] == "true"
    assert env["PULUMI_HOME"] == machine["PULUMI_HOME"]


def _sums():
    """Every go.mod and go.sum by its digest: a build must never rewrite them."""
    files = sorted([*versions.TOOLCHAIN.rglob("go.sum"), *versions.TOOLCHAIN.rglob("go.mod")])
    assert len(files) >= 6
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
