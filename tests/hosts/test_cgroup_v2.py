"""A host of ours on the engine that most readers have: Debian 13's own, on cgroup v2, in a virtual machine."""

import json
import shutil

import pytest

from amanat.setup.mirrors import Mirrors
from amanat.setup.toolchain import environment, tools
from amanat.targets.docker import console, image
from amanat.targets.docker.facts import engine_facts, require_suitable
from amanat.targets.docker.labels import labels
from amanat.targets.docker.machine import CAPABILITIES
from amanat.targets.docker.rootfs import bootstrap
from amanat.targets.docker.scratch import make_machine
from tests.fresh.disk import disk
from tests.fresh.machine import HANDED_IN, Machine

STACK, NAME, SUBNET, ADDRESS = "cgroup-v2", "drill", "10.99.0.0/24", "10.99.0.14"
CONTAINER = f"{STACK}-{NAME}"


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A machine that sees the build context of our image; powered off and forgotten with the module."""
    directory = tmp_path_factory.mktemp("machine")
    context = directory / "handed-in"
    rootfs = bootstrap("trixie", Mirrors.from_environment().debian, image.PACKAGES)
    image.write_context(context, image.render_context("bootstrap", ""), str(rootfs))
    machine = Machine(disk(), directory, context)
    try:
        machine.boot()
        yield machine
    finally:
        machine.kill()
        shutil.rmtree(directory)


@pytest.fixture(scope="module")
def uri(machine):
    """The address of the machine's engine, by a socket that leads into it."""
    with machine.forwarded("/var/run/docker.sock") as socket:
        yield f"unix://{socket}"


@pytest.fixture(scope="module")
def host(machine, uri):
    """host(script) runs it as root in a host that the kit's own program has made there."""
    machine.run("root", f"docker build --quiet --tag host {HANDED_IN}")
    machine.run("root", f"docker network create --subnet {SUBNET} {STACK}-operator")
    spec = {
        "name": NAME,
        "address": ADDRESS,
        "deploy_public_key": machine.disk.key.with_suffix(".pub").read_text("utf-8"),
        "port": 22022,
        "stack_id": STACK,
        "labels": labels(STACK, "test"),
        "image_id": machine.run("root", "docker image inspect --format {{.Id}} host").strip(),
        "engine_uri": uri,
        "name_servers": [],
    }
    make_machine(spec, {**environment(tools()), "AMANAT_HOME": str(machine.directory)})

    def run(script):
        code, output = console.run_as_root(uri, CONTAINER, script)
        assert code == 0, f"{script!r} ended {code}: {output}"
        return output.strip()

    return run


def test_the_engine_is_what_readers_have(uri):
    facts = engine_facts(uri)
    assert facts.cgroup_version == 2
    require_suitable(facts, uri)


def test_systemd_boots_to_the_end_and_sshd_answers(host):
    assert host("systemctl is-system-running --wait") == "running"
    assert host("systemctl is-active ssh") == "active"
    assert host("stat --file-system --format %T /sys/fs/cgroup") == "cgroup2fs"


def test_units_are_confined_by_their_own_groups(host):
    """What the roles rely on: limits of a unit reach the kernel."""
    limited = "systemd-run --quiet --wait --pipe --property=MemoryMax=64M --property=TasksMax=10"
    path = "/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)"
    assert host(f"{limited} sh -c 'cat {path}/memory.max {path}/pids.max'").split() == ["67108864", "10"]


def test_nothing_outside_its_own_subtree_is_seen_or_written(host, machine):
    """By the mount it has, by a fresh one, and by the way up."""
    outside = machine.run("root", "ls /sys/fs/cgroup").split()
    assert "system.slice" in outside
    machine.run("root", "mkdir /sys/fs/cgroup/outside-marker")
    fresh = "mkdir -p /run/fresh && mountpoint -q /run/fresh || mount -t cgroup2 none /run/fresh"
    host(fresh)
    for root in ("/sys/fs/cgroup", "/run/fresh", "/proc/1/root/sys/fs/cgroup"):
        assert host(f"find {root} -maxdepth 3 -name outside-marker") == ""
    host("mkdir /sys/fs/cgroup/inside-marker")
    found = machine.run("root", "find /sys/fs/cgroup -name inside-marker").split()
    identity = json.loads(machine.run("root", f"docker inspect {CONTAINER}"))[0]["Id"]
    assert found == [f"/sys/fs/cgroup/system.slice/docker-{identity}.scope/inside-marker"]
    # The way up ends at the namespace's root: nothing can be moved into a group beside it.
    assert "/../" not in host("cat /proc/1/cgroup")
    code, _ = console.run_as_root(machine_uri(machine), CONTAINER, "echo 1 > /sys/fs/cgroup/../cgroup.procs")
    assert code != 0
    assert machine.run("root", "cat /sys/fs/cgroup/outside-marker/cgroup.procs") == ""


def machine_uri(machine):
    return f"unix://{machine.directory / 'forwarded.sock'}"


def test_it_has_no_more_rights_than_on_cgroup_v1(machine, host):
    made = json.loads(machine.run("root", f"docker inspect {CONTAINER}"))[0]
    assert made["HostConfig"]["Privileged"] is False
    assert sorted(made["HostConfig"]["CapAdd"]) == sorted(CAPABILITIES)
    assert made["HostConfig"]["CgroupnsMode"] == "private"
    assert [mount["Destination"] for mount in made["Mounts"]] == ["/var/lib/amanat"]


def test_it_comes_back_from_a_restart(machine, host):
    machine.run("root", f"docker restart --time 30 {CONTAINER}")
    assert console.host_key(machine_uri(machine), CONTAINER).startswith("ssh-ed25519 ")
    assert host("systemctl is-system-running --wait") == "running"
