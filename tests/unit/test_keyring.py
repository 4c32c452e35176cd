"""The keyring under mocks: which halves go to the roles, which to the controller, and what stays secret."""

import json
import subprocess
import sys

import pytest

from amanat.keyring import ANCHOR, CONTROLLER_CLIENTS

MACHINES = ("alpha", "beta")
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
    made = Keyring("keys", StackPaths("unit"), 397, Placement({"alpha": ("store",), "beta": ("vault",)}))
    json.dump({
        "secrets": await pulumi.Output.from_input(made.secrets(alerts)).future(),
        "files": await pulumi.Output.all(**made.files()).future(),
        "hidden": hidden,
    }, sys.stdout)

pulumi.runtime.set_mocks(Mocks(), project="amanat", stack="unit", preview=False)
asyncio.get_event_loop().run_until_complete(make())
"""


@pytest.fixture(scope="module")
def keyring():
    """The keyring's secrets and files under mocks, and which of its values Pulumi keeps as ciphertext."""
    done = subprocess.run([sys.executable, "-c", MAKE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


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
