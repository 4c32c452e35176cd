"""`down` removes all that the stack made, and nothing else."""

import subprocess

import docker
import pytest

from amanat.settings import Settings
from amanat.stack import Stack
from amanat.targets import operations


@pytest.fixture
def bystander():
    """A volume of somebody else on the same engine."""
    client = docker.from_env()
    volume = client.volumes.create(name="amanat-tests-bystander")
    yield volume.name
    volume.remove()
    client.close()


def test_down_leaves_nothing_and_touches_nothing_else(live_stack, bystander):
    backing = live_stack.root("store", "stat --format %i /var/lib/amanat/volume.img").strip()
    assert backing in attached_loops(), "the encrypted volume shows outside as a loop device"

    down = live_stack.amanat("down", "--yes")
    assert down.code == 0, down.err

    assert operations(Settings(), live_stack.paths).list_resources() == {}
    assert backing not in attached_loops()
    assert not Stack(live_stack.paths).exists()
    assert live_stack.paths.sealing_private_key.exists(), "the operator's half of the key is the operator's"
    client = docker.from_env()
    assert client.volumes.get(bystander).name == bystander
    client.close()


def attached_loops() -> list[str]:
    """The inodes behind this machine's loop devices; their paths are those inside the hosts (losetup(8))."""
    listing = ["losetup", "--list", "--noheadings", "--output", "BACK-INO"]
    return subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
