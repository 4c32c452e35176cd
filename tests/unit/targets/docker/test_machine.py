"""The shape of a host container follows the engine; its identity follows the container."""

import pytest

from amanat.targets.docker import console, machine
from amanat.targets.docker.facts import EngineFacts
from amanat.targets.docker.machine import (
    _HostIdentities,
    first_process,
    security_options,
    systemd_environment,
)

OLD, NEW = EngineFacts(1, "20.10", "x86_64"), EngineFacts(2, "28", "aarch64")


def test_systemd_boots_on_either_cgroup_version():
    assert systemd_environment(OLD) == ["SYSTEMD_PROC_CMDLINE=SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"]
    assert first_process(OLD) is None
    assert systemd_environment(NEW) == []
    *shell, script = first_process(NEW)
    assert shell == ["sh", "-c"]
    assert script == "mount -o remount,rw /sys/fs/cgroup && exec /lib/systemd/systemd"


def test_selinux_is_told_to_leave_a_host_alone():
    assert security_options(OLD) == ["seccomp=unconfined", "apparmor=unconfined"]
    fedora = EngineFacts(2, "28", "x86_64", security=("seccomp", "selinux", "cgroupns"))
    assert security_options(fedora) == ["seccomp=unconfined", "apparmor=unconfined", "label=disable"]


def test_nothing_beyond_what_a_host_needs_is_allowed():
    assert "CAP_SYS_MODULE" not in machine.CAPABILITIES
    assert "CAP_SYS_PTRACE" not in machine.CAPABILITIES
    assert machine.LOOPBACK == "127.0.0.1"


def test_the_identity_is_read_from_the_container_itself(monkeypatch):
    monkeypatch.setattr(console, "host_key", lambda uri, container: f"ssh-ed25519 {container}@{uri}")
    outs = _HostIdentities().create({"engine_uri": "unix:///e", "container": "c", "container_id": "1"}).outs
    assert outs["host_key"] == "ssh-ed25519 c@unix:///e"


@pytest.mark.parametrize(
    ("news", "replaces"),
    [
        ({}, []),
        ({"engine_uri": "x"}, []),
        ({"container_id": "2"}, ["container_id"]),
        ({"container": "d"}, ["container"]),
    ],
)
def test_another_container_is_another_identity(news, replaces):
    olds = {"engine_uri": "", "container": "c", "container_id": "1", "host_key": "k"}
    diff = _HostIdentities().diff("id", olds, {**olds, **news})
    assert (diff.changes, diff.replaces) == (bool(replaces), replaces)
