"""What differs from stack to stack has a placeholder: addresses, machines, keys."""

from types import SimpleNamespace
from typing import Any, cast

from amanat.audit.names import names_of

BLOB = "AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReVyMnHdVxBk0dMcnhFf0Lj3DGdhgzi"
FINGERPRINT = "SHA256:DFIMP3OWdwPj4yz/hI9tb1/wRyCUaz1pNsYkQnCAwZ0"  # as ssh-keygen -l has it


def machine(name: str, group: str, **variables: object) -> Any:  # noqa: ANN401 - a stand-in
    words = {"echo ${SSH_CONNECTION%% *}": "10.0.0.1\n", "hostname --all-ip-addresses": "10.0.0.2 fd00::2\n"}
    audited = SimpleNamespace(carries=lambda service: service == group)
    return SimpleNamespace(name=name, audited=audited, variables=variables, read=words.get)


def test_addresses_machines_and_keys_have_placeholders() -> None:
    store = machine(
        "main",
        "store",
        base_peers={
            "main": {"address": "10.0.0.2"},
            "drill": {"address": "10.0.0.9"},
            "gone": {"address": "10.0.0.8"},
        },
        base_deploy_public_key=f"ssh-ed25519 {BLOB} deploy@here",
        base_auditor_public_key="",
    )
    assert names_of(store, cast(Any, {"main": store})) == {
        "<machine>": "main",
        "<controller>": "10.0.0.1",
        "<address>": "10.0.0.2",
        "<machine of store>": "main",
        "<address of store>": "10.0.0.2",
        "<machine of drill>": "drill",
        "<address of drill>": "10.0.0.9",
        "<key of deploy>": FINGERPRINT,
    }
