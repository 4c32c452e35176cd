"""What is asked of a Docker engine, with a client that only remembers."""

import gc
import ipaddress
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from docker.errors import NotFound

from amanat.targets import engine
from amanat.targets.engine import STACK_LABEL, EngineUnreachable, HostNotBooted

STACK = "unit-1"


class Thing:
    """A container, network or volume."""

    def __init__(self, log, name, status="running", labels=None, subnets=()):
        self.log, self.name, self.id, self.status = log, name, f"id-{name}", status
        self.labels = {STACK_LABEL: STACK} if labels is None else labels
        config = [{"Subnet": subnet} for subnet in subnets]
        self.attrs = {"Labels": self.labels or None, "IPAM": {"Config": config or None}}

    def remove(self, **options):
        self.log.append(("remove", self.name, options))

    def start(self):
        self.log.append(("start", self.name))

    def unpause(self):
        self.log.append(("unpause", self.name))


class Collection:
    def __init__(self, things=()):
        self.things = list(things)

    def list(self, filters=None, **options):
        label = (filters or {}).get("label")
        return [
            one for one in self.things if not label or label in {f"{k}={v}" for k, v in one.labels.items()}
        ]

    def get(self, name):
        try:
            return next(one for one in self.things if one.name == name)
        except StopIteration:
            raise NotFound(name) from None


class Client:
    def __init__(self):
        self.log = []
        self.containers, self.networks, self.volumes = Collection(), Collection(), Collection()
        self.images = Collection(
            [SimpleNamespace(tags=["amanat/host:unit-1-x"], labels={STACK_LABEL: STACK})]
        )
        self.facts = {"CgroupVersion": "2", "ServerVersion": "28", "Architecture": "x86_64"}

    def info(self):
        return self.facts


@pytest.fixture
def client(monkeypatch):
    made = Client()

    @contextmanager
    def connection(uri):
        yield made

    monkeypatch.setattr(engine, "connection", connection)
    return made


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_engine_that_does_not_answer_is_told(tmp_path):
    told = ""
    try:
        with engine.connection(f"unix://{tmp_path}/none.sock"):
            pytest.fail("connected to nothing")
    except EngineUnreachable as failure:
        told = str(failure)
    assert "no Docker engine answers" in told
    assert f"{tmp_path}/none.sock" in told
    gc.collect()  # Docker's client leaves the socket it couldn't connect to the collector


def test_facts_of_an_old_engine_have_defaults(client):
    assert engine.facts("") == engine.EngineFacts(2, "28", "x86_64")
    client.facts = {}
    assert engine.facts("").cgroup_version == 1


def test_subnets_are_those_of_all_other_networks(client):
    client.networks.things = [
        Thing(client.log, "own", subnets=["10.1.0.0/24"]),
        Thing(client.log, "other", labels={STACK_LABEL: "other"}, subnets=["10.2.0.1/24", "fd00::/64"]),
        Thing(client.log, "bridge", labels={}, subnets=["172.17.0.0/16"]),
        Thing(client.log, "none", labels={}),
    ]
    client.networks.things[-1].attrs["IPAM"]["Config"] = [{}]
    assert engine.subnets("", besides=STACK) == [
        ipaddress.IPv4Network("10.2.0.0/24"),
        ipaddress.IPv4Network("172.17.0.0/16"),
    ]


def test_a_sweep_takes_only_the_stacks_own_strangers(client):
    client.containers.things = [
        Thing(client.log, "store"),
        Thing(client.log, "half"),
        Thing(client.log, "foreign", labels={}),
        Thing(client.log, "other", labels={STACK_LABEL: f"{STACK}0"}),
    ]
    client.networks.things = [Thing(client.log, "net"), Thing(client.log, "half-net")]
    client.volumes.things = [Thing(client.log, "data")]
    assert engine.sweep("", STACK, {"id-store", "id-net"}) == ["half", "half-net"]
    assert client.log == [("remove", "half", {"force": True}), ("remove", "half-net", {})]


def test_a_sweep_that_knows_nothing_still_keeps_volumes(client):
    client.containers.things = [Thing(client.log, "store")]
    client.volumes.things = [Thing(client.log, "data")]
    assert engine.sweep("", STACK, set()) == ["store"]


def test_stopped_hosts_are_started_and_running_ones_left(client):
    states = ("running", "exited", "paused", "restarting")
    client.containers.things = [Thing(client.log, state, state) for state in states]
    client.containers.things.append(Thing(client.log, "foreign", "exited", labels={}))
    assert engine.start_stopped("", STACK) == ["exited", "paused"]
    assert client.log == [("start", "exited"), ("unpause", "paused")]
    assert engine.states("", STACK) == {state: state for state in states}


def test_leftovers_name_everything_of_the_stack(client):
    client.containers.things = [Thing(client.log, "store"), Thing(client.log, "foreign", labels={})]
    client.volumes.things = [Thing(client.log, "data")]
    assert engine.leftovers("", STACK) == {
        "containers": ["store"],
        "networks": [],
        "volumes": ["data"],
        "images": ["amanat/host:unit-1-x"],
    }


def test_a_volume_that_is_gone_is_no_error(client):
    client.volumes.things = [Thing(client.log, "data")]
    engine.remove_volume("", "data")
    engine.remove_volume("", "gone")
    assert client.log == [("remove", "data", {})]


class Host:
    """A container that answers what it was given, one answer a call."""

    name = "store"

    def __init__(self, *answers):
        self.answers = list(answers)

    def exec_run(self, command):
        assert command[:2] == ["sh", "-c"]
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_the_host_key_is_read_once_sshd_runs(client, monkeypatch):
    monkeypatch.setattr(engine.time, "sleep", lambda seconds: None)
    client.containers.things = [Host((3, b""), (0, b"ssh-ed25519 AAAA root@store\n"))]
    assert engine.host_key("", "store") == "ssh-ed25519 AAAA"


@pytest.mark.parametrize("answer", [(3, b"inactive"), (0, b""), (0, b"ssh-rsa AAAA"), (0, b"ssh-ed25519")])
def test_a_host_without_a_key_is_told(client, monkeypatch, answer):
    monkeypatch.setattr(engine, "BOOT_SECONDS", 0)
    client.containers.things = [Host(answer)]
    with pytest.raises(HostNotBooted, match="journalctl"):
        engine.host_key("", "store")


def test_a_script_gives_its_status_and_output_whatever_its_bytes(client):
    client.containers.things = [Host((7, b"a\xff"))]
    assert engine.run_as_root("", "store", "x") == (7, "a\ufffd")
    client.containers.things = [Host((None, iter([b"a", b"b"])))]
    assert engine.run_as_root("", "store", "x") == (0, "ab")
