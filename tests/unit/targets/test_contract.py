"""The contract of a target, held against each: the one in memory and Docker's, whose engine only remembers."""

import inspect
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any, get_args

import pytest

from amanat import targets
from amanat.network import Network
from amanat.paths import PROJECT_ROOT
from amanat.placement import Placement
from amanat.settings import Settings
from amanat.targets import (
    NEVER_STARTED,
    PAUSED,
    RUNNING,
    STOPPED,
    AnotherOwner,
    NoConsole,
    Operations,
    ScratchMachine,
    operations,
)
from amanat.targets.contract import Target
from amanat.targets.docker import scratch
from amanat.targets.docker import setup as docker_setup
from amanat.targets.docker.labels import STACK_LABEL, labels
from amanat.targets.docker.operations import DockerOperations
from amanat.targets.docker.target import DockerTarget
from amanat.targets.endpoints import machine_specs
from tests.unit.targets.docker.conftest import client  # noqa: F401 - a fixture
from tests.unit.targets.docker.engine_client import Thing
from tests.unit.targets.fake import OURS, THEIRS, FakeMachine, FakeOperations, in_state
from tests.unit.targets.fake_program import FakeTarget

PLACEMENT = {"alpha": "store", "beta": "vault"}
NETWORK = Network({"drill": IPv4Address("10.0.0.2")}, IPv4Address("10.0.0.1"))


@dataclass
class World:
    """One target, and how a test puts machines there: `make(name, state, owner)`, `resources(*names)` of a state."""

    target: Any
    make: Any
    resources: Any
    changes: Any
    ids: Any


@pytest.fixture
def in_memory():
    fake = FakeOperations()

    def make(name, state=RUNNING, owner=OURS):
        fake.machines[name] = FakeMachine(state, owner)

    return World(fake, make, in_state, lambda: fake.asked, lambda *names: set(names))


@pytest.fixture
def on_an_engine(client, paths, monkeypatch):  # noqa: F811
    monkeypatch.setattr("amanat.targets.docker.operations.owner", lambda: OURS)
    monkeypatch.setattr(docker_setup, "engine", lambda report: docker_setup.Engine("unix:///e", "28"))
    monkeypatch.setattr(docker_setup, "ensure_bootstrap_programs", lambda report: None)
    monkeypatch.setenv("DOCKER_HOST", "unix:///e")
    words = {RUNNING: "running", STOPPED: "exited", PAUSED: "paused", NEVER_STARTED: "created"}
    made = operations(Settings(), paths)

    def make(name, state=RUNNING, owner=OURS):
        marks = labels(paths.stack_id, owner) if owner else {STACK_LABEL: paths.stack_id}
        container = Thing(client.log, f"{paths.stack_id}-{name}", words[state], labels=marks)
        container.exec_run = lambda command: (0, f"root@{name}".encode())
        client.containers.things.append(container)

    def resources(*names):
        kind = "docker:index/container:Container"
        return [
            {"urn": "urn:other", "type": "amanat:Other", "id": "other"},
            *({"urn": f"urn::{name}", "type": kind, "id": f"id-{paths.stack_id}-{name}"} for name in names),
        ]

    def ids(*names):
        return {f"id-{paths.stack_id}-{name}" for name in names}

    return World(made, make, resources, lambda: client.log, ids)


@pytest.fixture(params=["in_memory", "on_an_engine"])
def world(request):
    return request.getfixturevalue(request.param)


def methods(contract):
    return {name for name in vars(contract) if not name.startswith("_")}


@pytest.mark.parametrize("target", [FakeOperations, DockerOperations])
def test_a_target_takes_what_the_contract_says(target):
    assert methods(Operations) >= {"prepare", "states", "run_as_root", "scratch_machine"}
    for name in methods(Operations) - {"noun"}:
        promised = list(inspect.signature(getattr(Operations, name)).parameters.values())
        given = list(inspect.signature(getattr(target, name)).parameters.values())
        assert [(one.kind, one.default) for one in given] == [(one.kind, one.default) for one in promised], (
            name
        )
        keywords = [one.name for one in promised if one.kind is one.KEYWORD_ONLY]
        assert [one.name for one in given if one.kind is one.KEYWORD_ONLY] == keywords, name


@pytest.mark.parametrize("target", [FakeTarget, DockerTarget])
def test_the_half_of_the_program_is_there(target):
    assert methods(Target) == {"network", "provision"}
    assert methods(Target) <= set(vars(target))


@pytest.fixture(scope="module", params=["memory", "docker"])
def given(request, tmp_path_factory):
    """What each target gives Pulumi's program for two machines that aren't named after their services."""
    script = PROJECT_ROOT / "tests/unit/targets/target_under_mocks.py"
    done = subprocess.run(
        [sys.executable, str(script), request.param, json.dumps({"placement": PLACEMENT})],
        env={
            **os.environ,
            "AMANAT_HOME": str(tmp_path_factory.mktemp("home")),
            "PYTHONPATH": str(PROJECT_ROOT),
        },
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_program_gets_an_address_for_each_machine_and_the_scratch_machine(given):
    network = Network.from_json(given["network"])
    assert set(network.addresses) == {"drill", *PLACEMENT}
    everybody = [*network.addresses.values(), network.controller]
    assert len(set(everybody)) == len(everybody)


def test_the_program_gets_pinned_machines_and_where_each_endpoint_is_reached(given):
    assert set(given["machines"]) == set(PLACEMENT)
    specs = machine_specs(Placement.parse(PLACEMENT))
    for name, machine in given["machines"].items():
        assert machine["machine_id"]
        assert machine["host_key"].startswith("ssh-ed25519 ")
        assert set(machine["endpoints"]) == set(specs[name].endpoints)
        assert machine["endpoints"]["ssh"] == machine["ssh"]
    reached = [where for machine in given["machines"].values() for where in machine["endpoints"].values()]
    assert len(set(reached)) == len(reached)


def test_a_target_is_one_by_its_methods(world):
    assert isinstance(world.target, Operations)
    assert world.target.noun


def test_states_go_by_the_machines_names_in_plain_words(world):
    for state in (RUNNING, STOPPED, PAUSED, NEVER_STARTED):
        world.make(f"in-{state.replace(' ', '-')}", state)
    assert world.target.states() == {
        "in-running": RUNNING,
        "in-stopped": STOPPED,
        "in-paused": PAUSED,
        "in-never-started": NEVER_STARTED,
    }
    assert world.changes() == []


def test_what_is_stopped_is_brought_back_and_what_runs_is_left(world):
    for name, state in (("a", RUNNING), ("b", STOPPED), ("c", PAUSED)):
        world.make(name, state)
    assert world.target.start_stopped() == ["b", "c"]
    assert set(world.target.states().values()) == {RUNNING}


def test_what_is_gone_is_missing_and_no_other_resource(world):
    world.make("a")
    state = world.resources("a", "b")
    assert world.target.missing(state) == [state[-1]["urn"]]
    assert world.target.missing(world.resources("a")) == []


def test_drift_tells_and_changes_nothing(world):
    world.make("a", STOPPED)
    found = world.target.drift(world.resources("a", "b"))
    assert [line.split(maxsplit=1)[1] for line in found.lines] == ["b is gone", "a is stopped"]
    assert not found.comparable
    assert world.changes() == []


def test_a_half_of_a_killed_run_is_drift_and_hinders_no_comparison(world):
    world.make("a")
    world.make("half")
    found = world.target.drift(world.resources("a"))
    assert len(found.lines) == 1
    assert "half" in found.lines[0]
    assert "a killed run left it" in found.lines[0]
    assert found.comparable
    assert world.target.drift(world.resources("a", "half")).lines == ()


def test_orphans_that_are_ours_go(world):
    for name in ("a", "half"):
        world.make(name)
    world.make("theirs", owner=THEIRS)
    (gone,) = world.target.remove_orphans(world.ids("a"))
    assert gone.endswith("half")
    assert set(world.target.states()) == {"a", "theirs"}


def test_all_goes_at_the_end(world):
    assert not world.target.exists()
    world.make("a")
    assert world.target.exists()
    world.target.remove_all()
    assert not world.target.exists()
    assert world.target.states() == {}


def test_kinds_without_names_are_not_listed(world):
    world.make("a")
    assert all(world.target.list_resources().values())


def test_another_owners_stack_is_refused_and_left(world):
    world.make("a")
    world.target.refuse_another_owner()
    world.make("b", owner=THEIRS)
    with pytest.raises(AnotherOwner):
        world.target.refuse_another_owner()
    assert world.changes() == []


def test_without_an_owner_the_state_decides(world):
    world.make("a", owner="")
    world.target.refuse_another_owner(lambda: world.ids("a"))
    with pytest.raises(AnotherOwner):
        world.target.refuse_another_owner(lambda: world.ids("b"))


def test_root_has_a_console_of_machines_that_are_there(world):
    world.make("a")
    assert world.target.run_as_root("a", "whoami") == (0, "root@a")
    with pytest.raises(NoConsole):
        world.target.run_as_root("b", "whoami")


def test_the_environment_is_known_without_asking(world, report):
    assert world.target.environment() == world.target.prepare(report).environment
    assert world.target.prepare(report).description


def test_a_scratch_machine_lasts_as_long_as_the_operation(world, monkeypatch):
    """Docker's Pulumi program, which makes it, is replaced; live drills run it."""
    world.make("store")
    monkeypatch.setattr(scratch, "owner", lambda: OURS)
    monkeypatch.setattr(scratch, "make_machine", lambda spec, environment: world.make(spec["name"]))
    monkeypatch.setattr(scratch.resources, "image_id", lambda uri, stack_id: "sha256:1")
    monkeypatch.setattr(scratch.console, "host_key", lambda uri, container: "ssh-ed25519 KEY")

    def fail():
        with world.target.scratch_machine(
            "drill", network=NETWORK, deploy_public_key="KEY", environment={}
        ) as machine:
            assert isinstance(machine, ScratchMachine)
            assert (machine.name, machine.host_key) == ("drill", "ssh-ed25519 KEY")
            assert set(world.target.states()) == {"store", "drill"}
            raise LookupError("what it is for failed")

    with pytest.raises(LookupError):
        fail()
    assert set(world.target.states()) == {"store"}


def test_each_target_that_can_be_chosen_is_there():
    assert set(get_args(Settings.model_fields["target"].annotation)) == set(targets.TARGETS)


def test_the_setting_chooses_the_target(paths, monkeypatch):
    """Both halves come from the entry of that name."""
    fake = targets.Halves(
        lambda: lambda *given: ("program", *given), lambda: lambda *given: ("commands", *given)
    )
    monkeypatch.setattr(targets, "TARGETS", {"elsewhere": fake, "docker": None})
    chosen = Settings().model_copy(update={"target": "elsewhere"})
    assert targets.target(chosen, paths, "keyring") == ("program", chosen, paths, "keyring", None)
    assert targets.operations(chosen, paths) == ("commands", chosen, paths)
