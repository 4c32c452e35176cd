"""What is asked of a Docker engine, with a client that only remembers."""

import gc
import ipaddress
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest
from docker.errors import APIError, NotFound

from amanat.targets import engine
from amanat.targets.engine import (
    STACK_LABEL,
    AnotherOwner,
    EngineRefused,
    EngineUnreachable,
    HostNotBooted,
    UnsuitableEngine,
)

STACK = "unit-1"
OWNER = "me@here:/home/me 0123456789ab"
ANOTHER = "you@here:/home/you ba9876543210"
MARKS = engine.labels(STACK, OWNER)


class Thing:
    """A container, network or volume."""

    def __init__(self, log, name, status="running", labels=None, subnets=()):
        self.log, self.name, self.id, self.status = log, name, f"id-{name}", status
        self.labels = MARKS if labels is None else labels
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
        self.versions = {"ApiVersion": "1.48", "Components": [{"Name": "Engine"}]}

    def info(self):
        return self.facts

    def version(self):
        return self.versions


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
    assert engine.facts("") == engine.EngineFacts(2, "28", "x86_64", "1.48")
    client.facts, client.versions = {}, {}
    assert engine.facts("").cgroup_version == 1


SUITABLE = engine.EngineFacts(2, "28.2", "x86_64", "1.50", security=("seccomp", "cgroupns"))


def test_a_usual_engine_is_suitable_on_either_cgroup_version():
    engine.require_suitable(SUITABLE, "", "x86_64")
    engine.require_suitable(replace(SUITABLE, cgroup_version=1, api_version="1.41"), "", "x86_64")
    engine.require_suitable(replace(SUITABLE, architecture="arm64"), "", "aarch64")


@pytest.mark.parametrize(
    ("info", "version", "what", "fix"),
    [
        (
            {"SecurityOptions": ["name=seccomp,profile=default", "name=rootless"]},
            {},
            "is rootless",
            "runs as root",
        ),
        ({"SecurityOptions": ["name=userns"]}, {}, "userns-remap", "daemon.json"),
        ({}, {"Components": [{"Name": "Podman Engine"}]}, "Podman answers", "amanat:engine or DOCKER_HOST"),
        ({"OSType": "windows"}, {}, "runs windows containers", "runs as root"),
        ({"ServerVersion": "19.03"}, {"ApiVersion": "1.40"}, r"\(19.03\) is too old", "20.10"),
        ({}, {"ApiVersion": ""}, "is too old", "20.10"),
        ({"Architecture": "aarch64"}, {}, "processor is aarch64, this machine's is x86_64", "engine's own"),
        ({"Architecture": ""}, {}, "processor is unknown", "engine's own"),
    ],
    ids=["rootless", "userns", "Podman", "Windows", "old", "silent", "processor", "no processor"],
)
def test_an_engine_that_cannot_carry_hosts_is_refused_with_the_reason(client, info, version, what, fix):
    client.facts |= info
    client.versions |= version
    with pytest.raises(UnsuitableEngine, match=what) as refused:
        engine.require_suitable(engine.facts("unix:///e"), "unix:///e", "x86_64")
    assert fix in refused.value.fix
    assert refused.value.where == "unix:///e"
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("kind", ["containers", "networks", "volumes"])
def test_what_another_owner_made_is_refused_by_name(client, kind):
    getattr(client, kind).things = [
        Thing(client.log, "own"),
        Thing(client.log, "old", labels={STACK_LABEL: STACK}),
    ]
    engine.refuse_another_owner("", STACK, OWNER)
    getattr(client, kind).things.append(Thing(client.log, "theirs", labels=engine.labels(STACK, ANOTHER)))
    with pytest.raises(AnotherOwner, match="belongs to you@here:/home/you ") as refused:
        engine.refuse_another_owner("", STACK, OWNER)
    assert "git clone" in refused.value.fix
    assert client.log == []


@pytest.mark.parametrize("kind", ["containers", "networks", "volumes"])
def test_what_carries_no_owner_is_ours_only_if_our_state_knows_it(client, kind):
    getattr(client, kind).things = [Thing(client.log, "old", labels={STACK_LABEL: STACK})]
    identity = "old" if kind == "volumes" else "id-old"
    engine.refuse_another_owner("", STACK, OWNER, lambda: {identity, "more"})
    with pytest.raises(AnotherOwner, match="somebody whose state is not here"):
        engine.refuse_another_owner("", STACK, OWNER, lambda: {"id-else"})


def test_the_state_is_asked_only_about_what_carries_no_owner(client):
    client.containers.things = [Thing(client.log, "own")]
    engine.refuse_another_owner("", STACK, OWNER, lambda: pytest.fail("asked"))


def test_a_refusal_of_the_engine_is_one_message(monkeypatch):
    refusing = SimpleNamespace(ping=lambda: True, close=lambda: None)
    monkeypatch.setattr(engine.docker, "DockerClient", lambda **options: refusing)
    with pytest.raises(EngineRefused, match="volume is in use"), engine.connection("unix:///e"):
        raise APIError("409 Client Error", explanation="remove x: volume is in use")


def test_the_marks_of_a_container_lie_deeper():
    container = SimpleNamespace(attrs={"Config": {"Labels": MARKS}})
    assert engine.owner_of(container) == OWNER
    assert engine.owner_of(SimpleNamespace(attrs={"Config": {"Labels": None}, "Labels": None})) == ""


def test_subnets_are_those_of_all_other_networks(client):
    client.networks.things = [
        Thing(client.log, "own", subnets=["10.1.0.0/24"]),
        Thing(client.log, "other", labels={STACK_LABEL: "other"}, subnets=["10.2.0.1/24", "fd00::/64"]),
        Thing(client.log, "bridge", labels={}, subnets=["172.17.0.0/16"]),
        Thing(client.log, "none", labels={}),
    ]
    client.networks.things[-1].attrs["IPAM"]["Config"] = [{}]
    assert engine.own_subnets("", STACK) == [ipaddress.IPv4Network("10.1.0.0/24")]
    assert engine.subnets("", besides=STACK) == [
        ipaddress.IPv4Network("10.2.0.0/24"),
        ipaddress.IPv4Network("172.17.0.0/16"),
    ]


def test_a_sweep_takes_only_the_stacks_own_strangers(client):
    client.containers.things = [
        Thing(client.log, "store"),
        Thing(client.log, "half"),
        Thing(client.log, "foreign", labels={}),
        Thing(client.log, "theirs", labels=engine.labels(STACK, ANOTHER)),
        Thing(client.log, "unmarked", labels={STACK_LABEL: STACK}),
        Thing(client.log, "other", labels=engine.labels(f"{STACK}0", OWNER)),
    ]
    client.networks.things = [
        Thing(client.log, "net"),
        Thing(client.log, "half-net"),
        Thing(client.log, "their-net", labels=engine.labels(STACK, ANOTHER)),
    ]
    client.volumes.things = [Thing(client.log, "data")]
    assert engine.sweep("", STACK, OWNER, {"id-store", "id-net"}) == ["half", "half-net"]
    assert client.log == [("remove", "half", {"force": True}), ("remove", "half-net", {})]


def test_a_sweep_that_knows_nothing_still_keeps_volumes(client):
    client.containers.things = [Thing(client.log, "store")]
    client.volumes.things = [Thing(client.log, "data")]
    assert engine.sweep("", STACK, OWNER, set()) == ["store"]


def test_stopped_hosts_are_started_and_running_ones_left(client):
    states = ("running", "exited", "paused", "restarting")
    client.containers.things = [Thing(client.log, state, state) for state in states]
    client.containers.things.append(Thing(client.log, "foreign", "exited", labels={}))
    assert engine.start_stopped("", STACK) == ["exited", "paused"]
    assert client.log == [("start", "exited"), ("unpause", "paused")]
    assert engine.states("", STACK) == {state: state for state in states}


def test_what_stands_is_told_and_left_as_it_is(client):
    client.containers.things = [Thing(client.log, "store", "paused"), Thing(client.log, "x", labels={})]
    client.networks.things = [Thing(client.log, "operator")]
    client.volumes.things = [Thing(client.log, "data")]
    found = engine.standing("", STACK)
    assert [(identity, thing.name) for identity, thing in found.items()] == [
        ("id-store", "store"),
        ("id-operator", "operator"),
        ("data", "data"),
    ]
    assert found["id-store"].status == "paused"
    assert client.log == []


def test_leftovers_name_everything_of_the_stack(client):
    client.containers.things = [Thing(client.log, "store"), Thing(client.log, "foreign", labels={})]
    client.volumes.things = [Thing(client.log, "data")]
    assert engine.leftovers("", STACK) == {
        "containers": ["store"],
        "networks": [],
        "volumes": ["data"],
        "images": ["amanat/host:unit-1-x"],
    }


def test_only_the_owners_volumes_are_removed(client):
    client.volumes.things = [
        Thing(client.log, "data"),
        Thing(client.log, "theirs", labels=engine.labels(STACK, ANOTHER)),
        Thing(client.log, "unmarked", labels={STACK_LABEL: STACK}),
    ]
    engine.remove_volumes("", STACK, OWNER)
    assert client.log == [("remove", "data", {})]


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
