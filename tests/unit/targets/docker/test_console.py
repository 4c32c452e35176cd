"""Root's console of a machine, and the host key that is read through it."""

import pytest

from amanat.targets import NoConsole
from amanat.targets.docker import console
from amanat.targets.docker.console import MachineNotBooted


class Machine:
    """A container that answers what it was given, one answer a call."""

    name = "store"

    def __init__(self, *answers):
        self.answers = list(answers)

    def exec_run(self, command):
        assert command[:2] == ["sh", "-c"]
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_the_host_key_is_read_once_sshd_runs(client, monkeypatch):
    monkeypatch.setattr(console.time, "sleep", lambda seconds: None)
    client.containers.things = [Machine((3, b""), (None, b""), (0, b"ssh-ed25519 AAAA root@store\n"))]
    assert console.host_key("", "store") == "ssh-ed25519 AAAA"


@pytest.mark.parametrize("answer", [(3, b"inactive"), (0, b""), (0, b"ssh-rsa AAAA"), (0, b"ssh-ed25519")])
def test_a_host_without_a_key_is_told(client, monkeypatch, answer):
    monkeypatch.setattr(console, "BOOT_SECONDS", 0)
    client.containers.things = [Machine(answer)]
    with pytest.raises(MachineNotBooted, match="journalctl"):
        console.host_key("", "store")


def test_a_script_gives_its_status_and_output_whatever_its_bytes(client):
    client.containers.things = [Machine((7, b"a\xff"))]
    assert console.run_as_root("", "store", "x") == (7, "a\ufffd")
    client.containers.things = [Machine((0, iter([b"a", b"b"])))]
    assert console.run_as_root("", "store", "x") == (0, "ab")


def test_a_script_whose_end_nobody_knows_did_not_succeed(client):
    client.containers.things = [Machine((None, b""))]
    assert console.run_as_root("", "store", "x")[0] != 0


def test_a_machine_that_is_not_there_has_no_console(client):
    with pytest.raises(NoConsole, match="make up"):
        console.run_as_root("", "store", "x")
