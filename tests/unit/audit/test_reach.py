"""What a machine reaches of another is tried by a script that runs there: here on this one, over its loopback."""

import json
import shlex
import socket
import subprocess
from typing import NamedTuple

import pytest

from amanat.audit import reach
from amanat.audit.reach import Attempts, by_caller


class Other(NamedTuple):
    """Another machine of the inventory."""

    name: str
    address: str


class Machine:
    """A machine that is this one; it knows others by their addresses."""

    def __init__(self, name, **peers):
        self.name, self.address = name, "203.0.113.1"
        self.variables = {"base_peers": {one: {"address": address} for one, address in peers.items()}}
        self.begun = []

    def json(self, command):
        done = subprocess.run(shlex.split(command), capture_output=True, check=True)
        return json.loads(done.stdout)

    def start_background(self, command):
        self.begun.append(command)


@pytest.fixture
def waiting():
    """A port of this machine at which something waits, and one at which nothing does."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as idle:
        idle.bind(("127.0.0.1", 0))
        yield server.getsockname()[1], idle.getsockname()[1]


def test_what_became_of_each_connection_is_told(waiting):
    there, nothing = waiting
    store = Other("store", "")
    tried = Attempts.of(Machine("vault", store="127.0.0.1"), {store: [there, nothing]})
    assert tried.outcomes() == {("store", there): "accepted", ("store", nothing): "ECONNREFUSED"}


def test_what_never_answers_is_silent(monkeypatch):
    """A queue that is full answers no further connection, as a firewall that drops doesn't."""
    monkeypatch.setattr(reach, "_SCRIPT", reach._SCRIPT.replace(str(reach.SECONDS), "0.2"))
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for one in (first, second):
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        port = full.getsockname()[1]
        store = Other("store", "127.0.0.1")
        assert Attempts.of(Machine("vault"), {store: [port]}).outcomes() == {("store", port): "silent"}


def test_a_machine_is_called_by_the_address_that_its_peers_know(waiting):
    there, _ = waiting
    store = Other("store", "192.0.2.1")
    known = Attempts.of(Machine("vault", store="127.0.0.1"), {store: [there]})
    assert list(known.targets) == [f"127.0.0.1:{there}"]
    assert list(Attempts.of(Machine("vault"), {store: [22]}).targets) == ["192.0.2.1:22"]


def test_where_nothing_is_to_be_tried_nothing_runs():
    machine = Machine("vault")
    nothing = Attempts.of(machine, {})
    nothing.start()
    assert (machine.begun, nothing.outcomes()) == ([], {})


def test_outcomes_are_told_by_who_called(waiting):
    there, nothing = waiting
    store, vault = Machine("store", vault="127.0.0.1"), Machine("vault", store="127.0.0.1")
    tried = [Attempts.of(vault, {store: [there]}), Attempts.of(store, {vault: [nothing]})]
    assert by_caller(tried, "store") == {"vault": {there: "accepted"}}
    assert by_caller(tried, "vault") == {"store": {nothing: "ECONNREFUSED"}}
