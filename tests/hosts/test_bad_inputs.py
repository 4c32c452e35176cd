"""What goes wrong around a stack: one clear message, a non-zero exit, nothing half-done."""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import tempfile
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from amanat.exit_codes import ExitCode
from amanat.paths import PROJECT_ROOT, StackPaths
from amanat.targets.docker import resources
from amanat.targets.docker.image import PACKAGES
from amanat.targets.docker.rootfs import BootstrapFailed, bootstrap
from tests.hosts.live import STACK, Done, amanat

OTHER = "test-bad"
SOCKET = "unix:///nonexistent/docker.sock"


@pytest.fixture
def other_stack(tmp_path):
    """Settings of a stack of its own, with its own home; whatever it leaves on the engine fails the test."""
    path = PROJECT_ROOT / f"Pulumi.{OTHER}.yaml"

    def write(**settings: object) -> dict[str, str]:
        lines = [f"  amanat:{name}: {json.dumps(value)}" for name, value in settings.items()]
        path.write_text("\n".join(["config:", *lines, ""]), "utf-8")
        return {"AMANAT_HOME": str(tmp_path / "home")}

    yield write
    path.unlink(missing_ok=True)
    left = resources.list_resources("", StackPaths(OTHER).stack_id)
    own = tmp_path / "home" / "owner"
    resources.remove_orphans(
        "", StackPaths(OTHER).stack_id, own.read_text("utf-8").strip() if own.exists() else "", known=set()
    )
    for volume in left["volumes"]:
        resources.remove_volume("", volume)
    assert [left["containers"], left["networks"]] == [[], []]


def refused(done: Done, *words: str) -> None:
    """The command failed with one message that has these words, and no traceback."""
    text = done.err + done.out
    assert done.code in (1, 2), text
    assert "Traceback" not in text
    assert done.err.count("error: ") == 1, text
    for word in words:
        assert word in done.err, text


@pytest.mark.parametrize("name", ["../x", "A", "", "x;rm -rf", "x" * 30, "-x", "x y", "سامانه"])
def test_a_hostile_stack_name(name):
    refused(amanat("status", f"--stack={name}"), "can't name a stack")


def test_a_choice_outside_the_law(other_stack):
    home = other_stack(ip_retention_days=100)
    refused(
        amanat("preview", "--stack", OTHER, **home), "ip_retention_days = 100", "Article 6 clause 7-2", "186"
    )


def test_a_choice_outside_the_law_with_plain_pulumi(other_stack):
    """`pulumi preview` by itself stops too, with the clause."""
    home = other_stack(ip_retention_days=100)
    exports = amanat("env", "--stack", OTHER, **home).out
    Path(home["AMANAT_HOME"], f"state-{StackPaths(OTHER).checkout_id}").mkdir(parents=True)
    script = f"{exports}\nexport PULUMI_CONFIG_PASSPHRASE=x; unset PULUMI_CONFIG_PASSPHRASE_FILE\n"
    script += f"pulumi stack init {OTHER} && pulumi preview --stack {OTHER} --non-interactive"
    ran = subprocess.run(
        ["bash", "-c", script], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode != 0
    assert "Article 6 clause 7-2" in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr


def test_an_unknown_setting(other_stack):
    home = other_stack(ip_retention_day=190)
    refused(
        amanat("preview", "--stack", OTHER, **home), "ip_retention_day", "Did you mean", "ip_retention_days"
    )


def test_a_settings_file_that_is_no_yaml(other_stack):
    home = other_stack()
    (PROJECT_ROOT / f"Pulumi.{OTHER}.yaml").write_text("config: [unclosed", "utf-8")
    refused(amanat("preview", "--stack", OTHER, **home), f"Pulumi.{OTHER}.yaml")


def test_no_engine_at_the_given_address(other_stack):
    home = other_stack(engine=SOCKET)
    refused(amanat("up", "--stack", OTHER, **home), "no Docker engine answers")


def test_no_engine_in_the_environment(other_stack):
    home = other_stack()
    refused(amanat("up", "--stack", OTHER, DOCKER_HOST=SOCKET, **home), "engine", SOCKET)


def test_a_port_that_is_taken(other_stack):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        home = other_stack(ssh_ports={"store": port})
        done = amanat("up", "--stack", OTHER, **home)
    refused(done, f"ssh_ports.store = {port}", "in use")
    assert amanat("down", "--yes", "--stack", OTHER, **home).code == 0


def test_a_subnet_that_is_taken(live_stack, other_stack):
    network = json.loads((live_stack.amanat("status", "--json")).out)["network"]
    subnet = str(IPv4Network(f"{network['controller']}/24", strict=False))
    home = other_stack(network_subnet=subnet)
    refused(amanat("up", "--stack", OTHER, **home), "network_subnet", "overlaps")
    assert amanat("down", "--yes", "--stack", OTHER, **home).code == 0


def test_a_wrong_passphrase(live_stack, tmp_path):
    wrong = tmp_path / "passphrase"
    wrong.write_text("not it\n")
    refused(live_stack.amanat("preview", PULUMI_CONFIG_PASSPHRASE_FILE=str(wrong)), "passphrase")


def test_a_lost_passphrase(live_stack, tmp_path):
    refused(
        live_stack.amanat("preview", PULUMI_CONFIG_PASSPHRASE_FILE=str(tmp_path / "none")),
        "passphrase",
        "missing",
    )


def test_a_damaged_state_file(live_stack, tmp_path):
    state = tmp_path / "state"
    shutil.copytree(live_stack.paths.state, state)
    file = next(path for path in (state / ".pulumi/stacks").rglob(f"{STACK}.json"))
    file.write_bytes(file.read_bytes()[:-200])
    for backup in file.parent.glob("*.bak*"):
        backup.unlink()
    refused(live_stack.amanat("preview", PULUMI_BACKEND_URL=f"file://{state}"), "state")


@pytest.mark.parametrize("command", ["drift", "status", "bench"])
def test_a_stack_that_was_never_made(command, tmp_path):
    refused(
        amanat(command, "--stack", "nobody", AMANAT_HOME=str(tmp_path)),
        "there is no stack 'nobody'",
        "make up",
    )


def test_an_audit_of_a_stack_that_was_never_made(tmp_path):
    done = amanat("audit", "--stack", "nobody", AMANAT_HOME=str(tmp_path))
    assert done.code in (1, 2)
    assert "Traceback" not in done.err + done.out
    assert "make up" in done.err + done.out


def test_an_unknown_requirement(live_stack):
    done = live_stack.amanat("audit", "--only", "A9-nothing")
    assert done.code in (1, 2)
    assert "A9-nothing" in done.err + done.out
    assert "Traceback" not in done.err + done.out


def test_an_unknown_source_of_tools():
    refused(amanat("setup", "--tools-only", "--source", "torrent"), "torrent", "build")


def test_a_host_that_cannot_be_reached(live_stack, tmp_path):
    """Nothing is green about a host nobody saw."""
    inventory = tmp_path / "hosts.yml"
    text = live_stack.paths.hosts_file.read_text("utf-8")
    port = live_stack.port("store")
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    inventory.write_text(text.replace(f"ansible_port: {port}", f"ansible_port: {free}"), "utf-8")
    command = [
        ".venv/bin/python",
        "-m",
        "pytest",
        "policies",
        f"--inventory={inventory}",
        "--only=A7-protection",
    ]
    command += [f"--auditor-key={live_stack.paths.auditor_key}", f"--evidence={tmp_path / 'evidence'}"]
    ran = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert "not-checked" in ran.stdout
    assert "Traceback" not in ran.stdout


@pytest.fixture
def small_disk():
    """A disk of 24 MiB. Not in pytest's directory: one that a killed run left there would make the next fail."""
    path = Path(tempfile.mkdtemp(prefix="amanat-small-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(path)], check=True)
    yield path
    subprocess.run(["umount", str(path)], check=True)
    path.rmdir()


def test_a_full_disk_while_the_image_is_made(small_disk, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(small_disk))
    with pytest.raises(BootstrapFailed) as failed:
        bootstrap("trixie", os.environ.get("AMANAT_DEBIAN_MIRROR", ""), PACKAGES)
    assert [path for path in (small_disk / "amanat/rootfs").iterdir() if path.suffix == ".tar"] == []
    assert "Free space" in str(failed.value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--target-time", "yesterday"), "is not a time"),
        (("--target-time", "2199-01-01T00:00+03:30"), "lies in the future"),
        (("--target-time", "۲۰۲۰-۰۱-۰۱T00:00"), "before the first backup"),
        ((), "nobody is there to answer"),
    ],
)
def test_a_restore_that_makes_no_sense_is_refused_and_nothing_changes(live_stack, arguments, said):
    started = "systemctl show --property=ActiveEnterTimestamp postgresql@17-main.service"
    before = live_stack.root("store", started)
    done = live_stack.amanat("restore", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert "Traceback" not in done.err
    assert live_stack.root("store", started) == before


def test_two_runs_at_once(live_stack):
    with live_stack.paths.lock.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        busy = live_stack.amanat("up", "--no-audit")
    assert (busy.code, busy.out) == (ExitCode.BUSY, "")
    assert "another run" in busy.err
    assert "Traceback" not in busy.err
