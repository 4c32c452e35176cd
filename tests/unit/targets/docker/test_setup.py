"""Which engine is asked, what is said when none answers, and what a killed one left behind."""

import contextlib
import json
import os

import pytest

from amanat.setup import packages
from amanat.setup.errors import PackagesMissing, SetupError
from amanat.stopping import descendants
from amanat.targets.docker import daemon
from amanat.targets.docker import setup as engine
from amanat.targets.docker.daemon import Daemon, EngineMissing, remove_stale
from amanat.targets.docker.setup import Address, Engine, address, connect


@pytest.fixture
def contexts(tmp_path):
    """Docker's configuration with one context, which is the current one."""
    meta = tmp_path / "contexts/meta/abc/meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Name": "far", "Endpoints": {"docker": {"Host": "ssh://far.example"}}}))
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "far"}))
    return {"DOCKER_CONFIG": str(tmp_path)}


@pytest.fixture
def nothing(tmp_path):
    """The address of a socket that isn't there."""
    return Address(f"unix://{tmp_path}/no.sock")


def test_the_default_socket(tmp_path):
    assert address({"DOCKER_CONFIG": str(tmp_path)}) == Address(engine.DEFAULT_SOCKET)


def test_the_environment_leads_before_the_context(contexts):
    assert address({**contexts, "DOCKER_HOST": "tcp://near:2375"}).host == "tcp://near:2375"
    assert address(contexts) == Address("ssh://far.example", "Docker context far")
    assert address({**contexts, "DOCKER_CONTEXT": "default"}).host == engine.DEFAULT_SOCKET


def test_certificates_are_used_where_verification_is_asked_for(tmp_path):
    env = {"DOCKER_HOST": "tcp://near:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    assert address(env).certificates == str(tmp_path)
    assert Engine("tcp://near:2376", "1", str(tmp_path)).environment()["DOCKER_TLS_VERIFY"] == "1"


def test_an_unknown_context_is_refused(contexts):
    with pytest.raises(SetupError, match="'lost' isn't known"):
        address({**contexts, "DOCKER_CONTEXT": "lost"})


def test_a_spoilt_configuration_means_the_default(tmp_path):
    (tmp_path / "config.json").write_text("{")
    assert address({"DOCKER_CONFIG": str(tmp_path)}).host == engine.DEFAULT_SOCKET


@pytest.mark.parametrize(
    ("debian", "fix"),
    [(True, "apt-get install --no-install-recommends docker.io"), (False, "your distribution")],
)
def test_no_engine_says_what_to_do(nothing, monkeypatch, debian, fix):
    monkeypatch.setattr(engine, "is_debian", lambda: debian)
    with pytest.raises(EngineMissing, match="No such file or directory") as missing:
        connect(nothing)
    assert fix in missing.value.fix


def test_a_forbidden_socket_says_so(nothing, monkeypatch):
    def forbidden(place):
        raise ConnectionError(PermissionError(13, "Permission denied"))

    monkeypatch.setattr(engine, "_knock", forbidden)
    with pytest.raises(EngineMissing, match="Permission denied") as missing:
        connect(nothing)
    assert "group docker" in missing.value.fix


def test_a_chosen_engine_is_never_replaced_by_ours(tmp_path, monkeypatch):
    monkeypatch.setattr(daemon, "start", lambda *_: pytest.fail("started"))
    with pytest.raises(EngineMissing, match="from DOCKER_HOST") as missing:
        engine.engine(env={"DOCKER_HOST": f"unix://{tmp_path}/no.sock"})
    assert "unset DOCKER_HOST" in missing.value.fix


@pytest.mark.parametrize("host", ["nonsense", "http://[", "ftp://near", "tcp://127.0.0.1:1"])
def test_an_impossible_address_is_one_message(host):
    with pytest.raises(EngineMissing, match="no Docker Engine answers"):
        engine.engine(env={"DOCKER_HOST": host})


def test_a_systems_program_is_found_though_a_plain_users_path_lacks_it(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", "/usr/bin")
    packages.ensure_commands({"nologin": "login"})


def test_without_root_packages_are_asked_for(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PackagesMissing, match="mmdebstrap") as missing:
        packages.ensure_commands({"no-such-command": "mmdebstrap"})
    assert "apt-get install --no-install-recommends mmdebstrap" in missing.value.fix


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ID=debian\n", True),
        ('ID=mint\nID_LIKE="ubuntu debian"\n', True),
        ("ID=fedora\n", False),
        ("", False),
    ],
)
def test_which_systems_are_debian(tmp_path, monkeypatch, text, expected):
    monkeypatch.setattr(packages.shutil, "which", lambda name: f"/usr/bin/{name}")
    (tmp_path / "os-release").write_text(text)
    assert packages.is_debian(tmp_path / "os-release") is expected
    assert packages.is_debian(tmp_path / "none") is False


@pytest.fixture
def own(tmp_path):
    """A daemon whose files all lie in the test's directory."""
    return Daemon(tmp_path / "docker.pid", tmp_path / "exec", tmp_path / "log" / "dockerd.log")


@pytest.mark.parametrize(
    ("pid", "process", "stale"),
    [
        ("7", "(dockerd) S", False),
        ("7", "(dockerd) Z", True),
        ("7", "(bash) S", True),
        ("8", "", True),
        ("", "", True),
        ("../proc/7", "(dockerd) S", True),
    ],
)
def test_pid_files_of_killed_engines_go(own, tmp_path, pid, process, stale):
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/stat").write_text(f"7 {process} 1 7 7 0 -1")
    own.pid_file.write_text(f"{pid}\n")
    assert remove_stale(own, tmp_path / "proc") == ([own.pid_file] if stale else [])
    assert own.pid_file.exists() is not stale


def test_a_containerd_that_lives_on_keeps_its_pid_file(own, tmp_path):
    (tmp_path / "proc/9").mkdir(parents=True)
    (tmp_path / "proc/9/stat").write_text("9 (containerd) S 1 9 9 0 -1")
    pid_file = own.exec_root / "containerd/containerd.pid"
    pid_file.parent.mkdir(parents=True)
    pid_file.write_text("9")
    assert remove_stale(own, tmp_path / "proc") == []


@pytest.fixture
def dockerd(tmp_path, monkeypatch):
    """Write a daemon that only pretends, first on PATH."""

    def write(text):
        path = tmp_path / "dockerd"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return write


def test_a_daemon_that_ends_says_why(own, dockerd, report):
    dockerd("echo 'failed to start: no space left on device' >&2; exit 3")
    with pytest.raises(EngineMissing, match="started and ended 3") as missing:
        daemon.start(own, lambda: False, report)
    assert "no space left on device" in missing.value.what


def test_a_containerd_that_dies_late_is_tried_past(own, dockerd, report, tmp_path):
    pid_file = own.exec_root / "containerd/containerd.pid"
    pid_file.parent.mkdir(parents=True)
    tried, second = tmp_path / "tried", tmp_path / "second"
    dockerd(f"[ -e {tried} ] && touch {second}; touch {tried}; echo 1 >{pid_file}; exit 1")
    with pytest.raises(EngineMissing):
        daemon.start(own, lambda: False, report)
    assert second.exists()


def test_a_started_daemon_is_waited_for_and_outlives_us(own, dockerd, report, tmp_path):
    own.pid_file.write_text("no number")
    dockerd(f'echo "$$ $*" >{tmp_path}/started; exec sleep 60')
    asked = []

    def ready():
        asked.append(1)
        return (tmp_path / "started").exists() and (tmp_path / "started").read_text().endswith("\n")

    daemon.start(own, ready, report)
    pid, *options = (tmp_path / "started").read_text().split()
    try:
        assert options == [f"--pidfile={own.pid_file}", f"--exec-root={own.exec_root}"]
        assert os.getsid(int(pid)) == int(pid)
        assert int(pid) not in descendants(), "Ctrl-C would end the engine"
        assert report.notes == [f"{own.pid_file}: left by an engine that was killed; removed"]
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), 9)
        daemon._outliving.pop().wait()
