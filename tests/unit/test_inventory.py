"""The inventory: readable, without secrets, safe with hostile paths; and the source that hands secrets over."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from amanat import inventory
from amanat.audit.inventory import AuditedHost
from amanat.audit.ssh import Connection
from amanat.files import write_private
from amanat.inventory import Group, inventory_text, known_hosts_text, secrets_document, secrets_source
from amanat.paths import StackPaths
from amanat.secrets_socket import VARIABLE, serve_secrets, serve_secrets_to_children

PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
HOSTS = {"store": {"ansible_host": "127.0.0.1", "ansible_port": 2222}}


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    """Paths below a home whose name every shell and parser could stumble over."""
    monkeypatch.setenv("AMANAT_HOME", str(tmp_path / "it's $(a) home; #1"))
    return StackPaths("unit", tmp_path)


def variables(text):
    return yaml.safe_load(text)["all"]["vars"]


def test_what_was_given_is_read_back(paths):
    shared = {"pki_ca_certificate": PEM, "base_stack": "unit-1", "days": 397, "yes": "yes", "no": False}
    shared |= {"colon": "a: b", "octal": "0644", "persian": "امانت", "empty": "", "trailing": "a\n\n"}
    text = inventory_text(paths, shared, HOSTS, {})
    assert variables(text).items() >= shared.items()
    assert yaml.safe_load(text)["all"]["hosts"] == HOSTS
    assert "امانت" in text


def test_texts_of_several_lines_are_blocks(paths):
    text = inventory_text(paths, {"pki_ca_certificate": PEM}, HOSTS, {})
    assert "pki_ca_certificate: |\n      -----BEGIN CERTIFICATE-----\n      AAAA\n" in text


def test_the_same_inputs_give_the_same_text(paths):
    one = inventory_text(paths, {"a": 1, "b": 2}, HOSTS, {})
    assert one == inventory_text(paths, {"b": 2, "a": 1}, HOSTS, {})


def test_every_host_is_reached_with_its_pinned_key_only(paths):
    arguments = shlex.split(variables(inventory_text(paths, {}, HOSTS, {}))["ansible_ssh_common_args"])
    assert "StrictHostKeyChecking=yes" in arguments
    assert f"UserKnownHostsFile={paths.known_hosts}" in arguments


@pytest.mark.parametrize("name", ["home", "my home", "it's; #1", "100%h", 'a "b" \\\\c'])
def test_ssh_finds_the_pinned_keys_wherever_the_home_is(tmp_path, monkeypatch, name):
    monkeypatch.setenv("AMANAT_HOME", str(tmp_path / name))
    paths = StackPaths("unit", tmp_path)
    arguments = shlex.split(variables(inventory_text(paths, {}, HOSTS, {}))["ansible_ssh_common_args"])
    told = subprocess.run(
        ["ssh", "-F", "none", "-G", *arguments, "h"], capture_output=True, text=True, check=True
    )
    said = next(line for line in told.stdout.splitlines() if line.startswith("userknownhostsfile "))
    assert said.split(" ", 1)[1] == str(paths.known_hosts)
    (option,) = [one for one in arguments if one.startswith("UserKnownHostsFile=")]
    assert len(shlex.split(option)) == 1  # ssh splits as a shell does, but -G doesn't tell at which blanks
    auditor = AuditedHost("store", "h", 22, "auditor", None, tuple(arguments), frozenset(), {})
    assert Connection(auditor, tmp_path).known_hosts == paths.known_hosts


def test_host_keys_are_pinned_with_their_port(tmp_path):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = " ".join(key.with_suffix(".pub").read_text("utf-8").split()[:2])
    pinned = tmp_path / "known_hosts"
    pinned.write_text(known_hosts_text({("127.0.0.1", 2222): public, ("127.0.0.1", 2201): public}), "utf-8")
    assert pinned.read_text("utf-8").startswith("[127.0.0.1]:2201 ssh-ed25519 ")
    found = subprocess.run(
        ["ssh-keygen", "-F", "[127.0.0.1]:2222", "-f", str(pinned)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert public in found.stdout


SECRETS = {
    "groups": {
        "all": {"pki_ca_private_key": "CA"},
        "store": {"volume_key": "it's; a 'key'", "postgresql_passwords": {"w": "p"}},
        "vault": {"pgbackrest_repository_cipher": "cipher"},
    },
    "machines": {"alpha": {"restic_client_key": "alpha's"}, "beta": {"restic_client_key": "beta's"}},
}


def test_a_secrets_document_is_ansibles():
    document = json.loads(secrets_document(SECRETS))
    assert document["store"]["vars"] == SECRETS["groups"]["store"]
    assert document["all"]["vars"] == SECRETS["groups"]["all"]
    assert document["_meta"] == {"hostvars": SECRETS["machines"]}  # so that Ansible doesn't ask host by host


@pytest.mark.parametrize("vault", ["beta", "vault"], ids=["named otherwise", "named after its service"])
def test_a_secret_reaches_the_machines_that_need_it_and_no_other(paths, vault):
    """As Ansible itself reads the stack's inventory and the real source of secrets."""
    machines = {name: {"ansible_host": "192.0.2.1"} for name in ("alpha", vault)}
    groups = {"store": Group(("alpha",), {}), "vault": Group((vault,), {})}
    write_private(paths.hosts_file, inventory_text(paths, {}, machines, groups))
    write_private(paths.inventory / "secrets", secrets_source(paths), 0o700)
    secrets = {
        **SECRETS,
        "machines": {"alpha": {"restic_client_key": "alpha's"}, vault: {"restic_client_key": "beta's"}},
    }
    command = [
        str(Path(sys.executable).with_name("ansible-inventory")),
        "-i",
        str(paths.inventory),
        "--list",
    ]
    with serve_secrets(json.dumps(secrets)) as path:
        environment = {**os.environ, VARIABLE: path}
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    known = json.loads(told)["_meta"]["hostvars"]
    mine = {name: {key for key in given if not key.startswith("ansible_")} for name, given in known.items()}
    assert mine == {
        "alpha": {"pki_ca_private_key", "restic_client_key", "volume_key", "postgresql_passwords"},
        vault: {"pki_ca_private_key", "restic_client_key", "pgbackrest_repository_cipher"},
    }
    assert known[vault]["restic_client_key"] == "beta's"


@pytest.mark.parametrize("which", ["paths", "hostile"])
def test_the_source_hands_over_a_runs_secrets_from_anywhere(request, tmp_path, which):
    paths = request.getfixturevalue(which)
    source = paths.inventory / "secrets"
    write_private(source, secrets_source(paths), 0o700)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with serve_secrets(json.dumps(SECRETS)) as path:
        environment |= {VARIABLE: path}
        done = subprocess.run(
            [str(source), "--list"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["store"]["vars"]["volume_key"] == "it's; a 'key'"


def test_the_source_finds_the_state_without_any_variable(hostile):
    script = secrets_source(hostile)
    shown = script.replace("exec ", 'printf "%s\\n" "$AMANAT_HOME" "$PULUMI_BACKEND_URL" ; echo ')
    told = subprocess.run(
        ["sh", "-c", shown], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[:2] == [str(hostile.directory.parent), f"file://{hostile.state}"]
    assert told.stdout.splitlines()[2] == f"{sys.executable} -m amanat.inventory unit"


def test_the_source_keeps_a_backend_and_a_passphrase_file_that_were_chosen(paths, monkeypatch):
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://state")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", "/safe/pass phrase")
    script = secrets_source(paths)
    assert "export PULUMI_BACKEND_URL=s3://state\n" in script
    assert "export PULUMI_CONFIG_PASSPHRASE_FILE='/safe/pass phrase'\n" in script


def test_without_a_run_the_stacks_state_is_asked(monkeypatch):
    import amanat.stack

    asked = []
    fake = type("Fake", (), {"__init__": lambda self, paths: asked.append(paths.stack)})
    fake.secrets = lambda self: {"k": "v"}
    monkeypatch.setattr(amanat.stack, "Stack", fake)
    assert inventory.current_secrets("unit") == {"k": "v"}
    assert asked == ["unit"]
    with serve_secrets_to_children('{"k": "of the run"}'):
        assert inventory.current_secrets("unit") == {"k": "of the run"}
