"""The keyring under mocks: which halves go to the roles, which to the controller, and what stays secret."""

import json
import subprocess
import sys

import pytest

from amanat.keyring import ANCHOR, CONTROLLER_CLIENTS

MACHINES = ("alpha", "beta")
WITHOUT_DESK = {"placement": {"alpha": ["store"], "beta": ["vault"]}, "agents": []}
WITH_DESK = {"placement": {"alpha": ["store", "desk"], "beta": ["vault"]}, "agents": ["zahra"]}
# In a process of its own, because Pulumi's mocks and event loops stay for a process's life.
MAKE = """
import asyncio, json, sys
import pulumi
from amanat.keyring import Keyring
from amanat.paths import StackPaths
from amanat.placement import Placement

class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        made = ("private_key", "public_key", "certificate", "value", "fingerprint")
        return f"{args.name}-id", {**args.inputs, **{name: f"{args.name}.{name}" for name in made}}

    def call(self, args):
        return {}

hidden = {}
register = pulumi.dynamic.Resource.__init__

def watched(self, provider, name, props, opts=None):
    hidden[name] = (opts and opts.additional_secret_outputs) or []
    register(self, provider, name, props, opts)

pulumi.dynamic.Resource.__init__ = watched

async def make():
    alerts = {"logs": {"hook": "a"}, "vault": {"hook": "b"}}
    given = json.loads(sys.argv[1])
    placement = Placement({name: tuple(services) for name, services in given["placement"].items()})
    made = Keyring("keys", StackPaths("unit"), 397, placement, given["agents"])
    json.dump({
        "secrets": await pulumi.Output.from_input(made.secrets(alerts)).future(),
        "files": await pulumi.Output.all(**made.files()).future(),
        "hidden": hidden,
    }, sys.stdout)

pulumi.runtime.set_mocks(Mocks(), project="amanat", stack="unit", preview=False)
asyncio.get_event_loop().run_until_complete(make())
"""


def made(given):
    """A keyring's secrets and files under mocks, and which of its values Pulumi keeps as ciphertext."""
    command = [sys.executable, "-c", MAKE, json.dumps(given)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def keyring():
    """That of a stack without a desk."""
    return made(WITHOUT_DESK)


@pytest.fixture(scope="module")
def keyring_of_a_desk():
    """That of a stack whose desk has one agent."""
    return made(WITH_DESK)


def test_the_roles_get_what_they_need_and_no_client_key(keyring):
    groups = keyring["secrets"]["groups"]
    assert groups["all"] == {"pki_ca_private_key": "authority.private_key"}
    assert groups["store"] == {
        "volume_key": "volume-key.value",
        "postgresql_passwords": {role: f"{role}-password.value" for role in (*CONTROLLER_CLIENTS, ANCHOR)},
    }
    assert groups["logs"] == {"hook": "a"}
    assert groups["vault"] == {
        "hook": "b",
        "pgbackrest_repository_cipher": "backup-cipher.value",
        "rest_server_logins": {name: f"{name}-copy-login.value" for name in MACHINES},
        "rest_server_keys": {name: f"{name}-copy-key.value" for name in MACHINES},
        "anchor_client_key": "archive_anchor-certificate.private_key",
        "anchor_password": "archive_anchor-password.value",
    }


def test_a_machine_gets_its_own_login_and_key_of_copies(keyring):
    assert keyring["secrets"]["machines"] == {
        name: {
            "restic_client_login": f"{name}-copy-login.value",
            "restic_client_key": f"{name}-copy-key.value",
        }
        for name in MACHINES
    }


def test_the_controller_gets_its_own_halves_and_never_the_authoritys_or_the_sealing_keys(keyring):
    files = keyring["files"]
    assert files["ssh/deploy"] == "deploy.private_key"
    assert files["ssh/auditor"] == "auditor.private_key"
    assert files["sealing/public.asc"] == "sealing.public_key"
    assert files["clients/ca.crt"] == "authority.certificate"
    for role in CONTROLLER_CLIENTS:
        assert files[f"clients/{role}.key"] == f"{role}-certificate.private_key"
        assert files[f"clients/{role}.password"] == f"{role}-password.value"
    assert "authority.private_key" not in files.values()
    assert "volume-key.value" not in files.values()
    assert "backup-cipher.value" not in files.values()
    assert not [name for name in files if ANCHOR in name], "the vault's login is not the controller's"
    assert not [name for name in files if name.startswith("sealing/private")]


def test_pulumi_is_told_to_encrypt_every_private_half(keyring):
    hidden = {name: set(outputs) for name, outputs in keyring["hidden"].items()}
    assert hidden.pop("sealing") == set()  # its private half is in no output at all
    for name in ("deploy", "auditor", "authority"):
        assert hidden.pop(name) == {"private_key"}
    for role in (*CONTROLLER_CLIENTS, ANCHOR):
        assert hidden.pop(f"{role}-certificate") == {"private_key", "ca_private_key"}
        assert hidden.pop(f"{role}-password") == {"value"}
    for name in MACHINES:
        assert hidden.pop(f"{name}-copy-login") == hidden.pop(f"{name}-copy-key") == {"value"}
    assert hidden == {"volume-key": {"value"}, "backup-cipher": {"value"}}


def test_the_desk_gets_its_key_and_the_store_its_password(keyring_of_a_desk):
    groups = keyring_of_a_desk["secrets"]["groups"]
    assert groups["desk"] == {
        "desk_database_key": "desk_application-certificate.private_key",
        "desk_database_password": "desk_application-password.value",
        "desk_agent_passwords": {"zahra": "zahra-agent-password.value"},
    }
    assert groups["store"]["postgresql_passwords"]["desk_application"] == "desk_application-password.value"


def test_a_desk_may_have_no_agent_yet():
    groups = made({**WITH_DESK, "agents": []})["secrets"]["groups"]
    assert groups["desk"]["desk_agent_passwords"] == {}


def test_the_controller_gets_agents_passwords_and_no_key_of_the_desk(keyring_of_a_desk):
    files = keyring_of_a_desk["files"]
    assert files["desk/zahra.password"] == "zahra-agent-password.value"
    assert not [name for name in files if "desk_application" in name]
    assert set(keyring_of_a_desk["hidden"]["zahra-agent-password"]) == {"value"}
