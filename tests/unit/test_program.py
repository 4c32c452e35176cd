"""The whole Pulumi program under mocks: what it would register, and what it must never let out."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from amanat.keyring import ANCHOR, CONTROLLER_CLIENTS
from amanat.paths import PROJECT_ROOT, StackPaths

MARK = "SECRETMARK"
PARTS = ("base", "tang", "vault", "logs", "store", "backups")
SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d"  # how Pulumi marks a secret value on the wire
Made = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """What the program registers with default settings on cgroup v1, by resource name."""
    return registered(tmp_path_factory.mktemp("home"), cgroup_version=1)


@pytest.fixture(scope="module")
def program_on_v2(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The same on cgroup v2."""
    return registered(tmp_path_factory.mktemp("home"), cgroup_version=2)


@pytest.fixture(scope="module")
def program_by_choice(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The same with machines of other names, and choices for one of them."""
    settings = {
        "placement": {"alpha": "store", "beta": "vault"},
        "memory_mib": {"alpha": 1536},
        "ssh_ports": {"alpha": 2201},
    }
    return registered(
        tmp_path_factory.mktemp("home"),
        cgroup_version=2,
        config={f"amanat:{name}": json.dumps(value) for name, value in settings.items()},
    )


def registered(home: Path, cgroup_version: int, config: Mapping[str, str] = MappingProxyType({})) -> Made:
    """Run the program under mocks."""
    environment = {**os.environ, "AMANAT_HOME": str(home)}
    script = Path(__file__).with_name("program_under_mocks.py")
    done = subprocess.run(
        [sys.executable, str(script), str(cgroup_version), json.dumps(dict(config))],
        env=environment,
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made: Made = json.loads(done.stdout)
    return made


def secret(value: dict[str, Any]) -> dict[str, Any]:
    """What a Pulumi secret holds; a value that is not marked as one fails."""
    assert SECRET_SIGNATURE in value, "this value would lie in the state as plain text"
    inside = value["value"]
    return json.loads(inside) if isinstance(inside, str) else inside


def test_the_program_stays_a_page() -> None:
    lines = (PROJECT_ROOT / "__main__.py").read_text("utf-8").splitlines()
    assert len(lines) <= 40


def test_every_name_on_the_engine_belongs_to_this_checkout(program: Made) -> None:
    stack_id = StackPaths("t1").stack_id
    named = [made["inputs"]["name"] for made in program.values() if made["type"].startswith("docker:index")]
    assert named
    assert all(stack_id in name for name in named)


def test_a_machine_without_a_record_of_its_files_is_configured_again(
    program: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert program["configuration of base"]["inputs"]["unfinished"] == ["base"]
    monkeypatch.setenv("AMANAT_HOME", str(tmp_path))
    for machine in ("logs", "store", "vault"):
        record = StackPaths("t1").file_record(machine)
        record.parent.mkdir(parents=True, exist_ok=True)
        record.touch()
    known = registered(tmp_path, cgroup_version=1)["configuration of base"]["inputs"]
    assert known["unfinished"] == []


def test_ports_are_published_on_loopback_only(program: Made) -> None:
    ports = program["store"]["inputs"]["ports"]
    assert {(port["ip"], port["internal"], port["external"]) for port in ports} == {
        ("127.0.0.1", 22, 21022),
        ("127.0.0.1", 5432, 21432),
    }


def test_a_choice_concerns_the_machine_that_it_names(program_by_choice: Made) -> None:
    alpha, beta = (program_by_choice[name]["inputs"] for name in ("alpha", "beta"))
    assert {port["internal"]: port["external"] for port in alpha["ports"]}[22] == 2201
    assert {port["internal"] for port in beta["ports"]} == {22}
    # The engine gives as much swap again; a program that leaves it out finds a change at the next run.
    assert (alpha["memory"], alpha["memorySwap"]) == (1536, 3072)
    assert (beta.get("memory"), beta.get("memorySwap")) == (None, None)


def test_every_machine_has_its_address_and_the_scratch_machine_one_for_later(program_by_choice: Made) -> None:
    asked = program_by_choice["allocation"]["inputs"]
    assert asked["machines"] == ["drill", "alpha", "beta"]
    assert asked["settings"]["alpha/ssh"] == "ssh_ports.alpha"
    assert asked["settings"]["alpha/store.postgresql"] == "database_port"
    networks = program_by_choice["beta"]["inputs"]["networksAdvanced"]
    assert [network["ipv4Address"] for network in networks] == ["10.99.7.4"]


def test_the_container_is_not_privileged(program: Made) -> None:
    inputs = program["store"]["inputs"]
    assert not inputs.get("privileged")
    assert set(inputs["capabilities"]["adds"]) == {
        "CAP_SYS_ADMIN",
        "CAP_NET_ADMIN",
        "CAP_AUDIT_CONTROL",
        "CAP_SYSLOG",
    }


# What a host's container is given that its boot and its bounds depend on; the cgroup version decides three of them.
SHAPE = {
    "cgroupnsMode": "private",
    "securityOpts": ["seccomp=unconfined", "apparmor=unconfined"],
    "deviceCgroupRules": ["b 7:* rmw"],
    "devices": [{"hostPath": "/dev/loop-control"}],
    "tmpfs": {"/run": "rw,nosuid,nodev,mode=755", "/run/lock": "", "/tmp": "rw,nosuid,nodev"},
}


def test_a_host_on_cgroup_v1(program: Made) -> None:
    for name in ("store", "vault"):
        inputs = program[name]["inputs"]
        assert {key: inputs[key] for key in SHAPE} == SHAPE
        assert inputs["envs"] == ["SYSTEMD_PROC_CMDLINE=SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"]
        assert inputs.get("command") is None
        assert not inputs.get("mounts")


def test_a_host_on_cgroup_v2_gets_nothing_of_the_engines_tree(program_on_v2: Made) -> None:
    for name in ("store", "vault"):
        inputs = program_on_v2[name]["inputs"]
        assert {key: inputs[key] for key in SHAPE} == SHAPE
        assert not inputs.get("envs")
        assert inputs["command"][2] == "mount -o remount,rw /sys/fs/cgroup && exec /lib/systemd/systemd"
        assert not inputs.get("mounts")
        assert not inputs.get("privileged")


def test_a_hosts_own_network_is_set_strictly_on_either_version(program: Made, program_on_v2: Made) -> None:
    for inputs in (made[name]["inputs"] for made in (program, program_on_v2) for name in ("store", "vault")):
        assert inputs["sysctls"]["net.ipv4.conf.all.rp_filter"] == "1"
        assert inputs["sysctls"]["net.ipv4.conf.default.accept_source_route"] == "0"
        assert not inputs.get("dns"), "nobody chose name servers"


def test_everything_on_the_engine_carries_its_owner(program: Made) -> None:
    marked = {
        name: {label["label"]: label["value"] for label in made["inputs"]["labels"]}
        for name, made in program.items()
        if made["type"].startswith("docker:index") and "labels" in made["inputs"]
    }
    machines = ("logs", "store", "vault")
    assert set(marked) == {"operator-network", *machines, *(f"{name}-data" for name in machines)}
    for labels in marked.values():
        assert labels["amanat.stack"] == StackPaths("t1").stack_id
        assert re.search(r"/home\d+ ", labels["amanat.owner"])


def test_the_inventory_holds_no_secret(program: Made) -> None:
    files = secret(program["controller-files"]["inputs"]["files"])
    text = files["inventory/hosts.yml"]
    assert MARK not in text
    assert MARK not in files["inventory/secrets"]
    tree = yaml.safe_load(text)
    assert tree["all"]["hosts"]["store"]["ansible_port"] == 21022
    assert tree["all"]["vars"]["base_peers"]["store"]["address"] == "10.99.7.4"


def test_host_keys_are_pinned_with_their_port(program: Made) -> None:
    files = secret(program["controller-files"]["inputs"]["files"])
    assert files["ssh/known_hosts"].splitlines() == [
        "[127.0.0.1]:20022 ssh-ed25519 HOSTKEY",
        "[127.0.0.1]:21022 ssh-ed25519 HOSTKEY",
        "[127.0.0.1]:22022 ssh-ed25519 HOSTKEY",
    ]


def given_secrets(program: Made, part: str) -> dict[str, Any]:
    """The secrets of a part of the configuration, by group and machine."""
    found: dict[str, Any] = secret(program[f"configuration of {part}"]["inputs"]["secrets"])
    return found


def test_each_service_gets_the_secrets_that_it_needs(program: Made) -> None:
    assert given_secrets(program, "base")["groups"]["all"] == {"pki_ca_private_key": f"{MARK}-ca"}
    store, vault = given_secrets(program, "store"), given_secrets(program, "vault")
    assert set(store["groups"]["store"]["postgresql_passwords"]) == {*CONTROLLER_CLIENTS, ANCHOR}
    assert set(store["groups"]["store"]) == {"postgresql_passwords", "volume_key"}
    assert vault["groups"]["vault"]["pgbackrest_repository_cipher"] == f"{MARK}-backup-cipher"
    assert "store" not in vault["groups"]
    assert {name: set(own) for name, own in given_secrets(program, "backups")["machines"].items()} == {
        name: {"restic_client_login", "restic_client_key"} for name in ("logs", "store", "vault")
    }


def test_a_service_gets_nothing_of_a_machine_that_it_does_not_run_on(program: Made) -> None:
    inputs = program["configuration of vault"]["inputs"]
    for kind in ("variables", "addresses", "machine_ids"):
        assert set(inputs[kind]) == {"vault"}
    assert "store" not in given_secrets(program, "vault")["machines"]


def test_what_concerns_a_service_is_its_input_and_no_other(program: Made) -> None:
    variables = {
        part: program[f"configuration of {part}"]["inputs"]["variables"]["vault"]
        for part in PARTS
        if part not in ("logs", "store")
    }
    for name, part in {
        "pgbackrest_repository_full_days": "vault",
        "restic_client_interval_hours": "backups",
        "base_flows": "base",
    }.items():
        assert [given for given, known in variables.items() if name in known] == [part], name


def test_the_private_sealing_key_is_in_no_resource(program: Made) -> None:
    assert "private_key" not in program["sealing"]["inputs"]
    assert "PRIVATE" not in json.dumps(secret(program["controller-files"]["inputs"]["files"]))


def test_every_inventory_variable_belongs_to_a_role(program: Made) -> None:
    tree = yaml.safe_load(secret(program["controller-files"]["inputs"]["files"])["inventory/hosts.yml"])
    named = [
        tree["all"]["vars"],
        *tree["all"]["hosts"].values(),
        *(group["vars"] for group in tree["all"]["children"].values()),
        *(
            given
            for part in PARTS
            for holders in given_secrets(program, part).values()
            for given in holders.values()
        ),
    ]
    given = {name for variables in named for name in variables}
    known: set[str] = set()
    for specs in (PROJECT_ROOT / "ansible/roles").glob("*/meta/argument_specs.yml"):
        entries = yaml.safe_load(specs.read_text("utf-8"))["argument_specs"].values()
        known |= {option for entry in entries for option in entry.get("options", {})}
    assert {name for name in given if not name.startswith("ansible_")} - known == set()
