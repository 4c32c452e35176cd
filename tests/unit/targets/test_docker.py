"""The shape of a host container follows the engine; its identity follows the container."""

from ipaddress import IPv4Network

import pytest

from amanat.placement import Placement
from amanat.settings import Settings
from amanat.targets import docker, engine
from amanat.targets.docker import (
    _HostIdentities,
    first_process,
    network_in,
    published,
    security_options,
    systemd_environment,
)
from amanat.targets.engine import EngineFacts

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


def test_what_the_controller_may_reach_is_published():
    placement = Placement.parse({"alpha": "store", "beta": "vault"})
    assert published("alpha", placement) == {22: "alpha_ssh_port", 5432: "store_database_port"}
    assert published("beta", placement) == {22: "beta_ssh_port"}


def test_by_default_every_published_port_is_a_setting():
    for name in Placement.default().machines:
        assert set(published(name, Placement.default()).values()) <= set(Settings.model_fields)


def test_every_machine_has_an_address_of_its_own_in_the_smallest_network():
    smallest = IPv4Network("10.64.7.16/28")
    found = network_in(smallest, ("a", "b", "c", "d", "e", "f"))
    assert set(found.addresses) == {"drill", "a", "b", "c", "d", "e", "f"}
    everybody = [*found.addresses.values(), found.controller]
    assert len(set(everybody)) == len(everybody)
    assert set(everybody) <= set(smallest.hosts())


def test_nothing_beyond_what_a_host_needs_is_allowed():
    assert "CAP_SYS_MODULE" not in docker.CAPABILITIES
    assert "CAP_SYS_PTRACE" not in docker.CAPABILITIES
    assert docker.LOOPBACK == "127.0.0.1"


def test_the_identity_is_read_from_the_container_itself(monkeypatch):
    monkeypatch.setattr(engine, "host_key", lambda uri, container: f"ssh-ed25519 {container}@{uri}")
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
