"""Hosts from any Ansible inventory; one strict connection to each."""

from pathlib import Path

import pytest

from amanat.audit import inventory
from amanat.audit.errors import NotChecked, Unreachable
from amanat.audit.inventory import AuditedHost, BadInventory, read
from amanat.audit.secrets import of_inventory, values
from amanat.audit.ssh import Connection
from amanat.inventory import Group, inventory_text
from amanat.paths import StackPaths
from amanat.topology import permanent

INI = """
[store]
db1 ansible_host=192.0.2.1 ansible_port=2201 ansible_ssh_common_args='-o UserKnownHostsFile="/k h"'
[edge]
web
[all_of_them:children]
store
edge
"""


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> dict[str, AuditedHost]:
    path = tmp_path_factory.mktemp("inventory") / "hosts.ini"
    path.write_text(INI)
    return read(path, "auditor", Path("/key"))


def test_hosts_are_reached_as_the_auditor_whatever_ansible_uses(audited: dict[str, AuditedHost]) -> None:
    db1 = audited["db1"]
    assert (db1.user, db1.key, db1.address, db1.port) == ("auditor", Path("/key"), "192.0.2.1", 2201)
    assert db1.groups == {"all", "all_of_them", "store"}
    assert (audited["web"].address, audited["web"].port) == ("web", 22)


def test_host_keys_are_checked_strictly_before_the_inventorys_options(
    audited: dict[str, AuditedHost],
) -> None:
    command = Connection(audited["db1"], Path("/tmp/x"))._ssh()
    assert command.index("StrictHostKeyChecking=yes") < command.index("UserKnownHostsFile=/k h")
    assert "ForwardAgent=no" in command
    assert Connection(audited["db1"], Path("/tmp/x")).known_hosts == Path("/k h")


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ("ansible_port: 99999", "is not a port"),
        ("ansible_port: many", "is not a port"),
        ("ansible_host: -oProxyCommand=touch", "is not an address"),
        ('ansible_host: "{{ address }}"', "is a template"),
    ],
)
def test_a_host_that_cannot_be_reached_that_way_is_refused(tmp_path: Path, variables: str, said: str) -> None:
    path = tmp_path / "hosts.yml"
    path.write_text(f"all: {{hosts: {{store: {{{variables}}}}}}}")
    with pytest.raises(BadInventory, match=said):
        read(path)


def test_an_inventory_without_hosts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hosts.yml"
    path.write_text("all: {}")
    with pytest.raises(BadInventory, match="names no host"):
        read(path)


OWN = {
    "ansible_host": "192.0.2.1",
    "ansible_port": 2201,
    "base_peers": {"beta": {"address": "192.0.2.2"}},
    "shared": 2,
}
SIX = {name: Group(("safe" if name in ("vault", "logs") else "main",), {name: 1}) for name in permanent()}


@pytest.mark.parametrize(
    ("machines", "groups"),
    [
        pytest.param(("store", "vault"), {}, id="no groups"),
        pytest.param(
            ("store", "vault"),
            {name: Group((name,), {f"{name}_port": 1}) for name in ("store", "vault")},
            id="named after their services",
        ),
        pytest.param(("main", "safe"), SIX, id="two machines for six services"),
        pytest.param(
            ("alpha", "beta", "gamma"),
            {"vault": Group(("beta",), {"list": []}), "store": Group(("alpha",), {"shared": 3})},
            id="three machines for two services",
        ),
        pytest.param(
            ("alpha",),
            {name: Group(("alpha",), {"which": name, "shared": 5}) for name in ("vault", "edge", "store")},
            id="one variable in several groups",
        ),
    ],
)
def test_our_own_file_says_the_same_with_and_without_ansible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machines: tuple[str, ...], groups: dict[str, Group]
) -> None:
    path = tmp_path / "hosts.yml"
    each: dict[str, dict[str, object]] = {name: OWN if name == machines[0] else {} for name in machines}
    path.write_text(inventory_text(StackPaths("unit"), {"shared": 1, "list": ["é"]}, each, groups))
    asked = read_with_ansible(path)
    monkeypatch.setattr(inventory, "_listing", lambda path: pytest.fail("Ansible was asked"))
    for one in asked.values():
        assert one.variables.pop("ansible_local") == {}  # our settings file has Ansible add it
    assert read(path) == asked
    assert asked[machines[0]].variables["shared"] == 2
    assert {name for name, target in asked.items() for group in groups if target.carries(group)} == {
        name for group in groups.values() for name in group.machines
    } or not groups


@pytest.mark.parametrize(
    "change",
    [
        "all: {hosts: {store: {ansible_host: 192.0.2.9}}}",
        "all: [unclosed",
        "[]",
        "all: {vars: {}, hosts: {a: {}}, children: {store: {hosts: {a: {x: 1}}, vars: {}}}}",
        "all: {vars: {}, hosts: {a: {}}, children: {store: {hosts: {b: {}}, vars: {}}}}",
        "all: {vars: {}, hosts: {a: {}}, children: {store: {hosts: {a: {}}, vars: {}, children: {}}}}",
        "all: {vars: {}, hosts: {'a[1:2]': {}}, children: {}}",
    ],
)
def test_our_own_file_that_was_changed_is_left_to_ansible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    path = tmp_path / "hosts.yml"
    path.write_text(f"{inventory.HEADER}\n{change}\n")
    monkeypatch.setattr(inventory, "_listing", lambda path: {"all": {"hosts": ["asked"]}})
    assert set(read(path)) == {"asked"}


def read_with_ansible(path: Path) -> dict[str, AuditedHost]:
    """The same content under another first line."""
    other = path.with_name("other.yml")
    other.write_text(path.read_text().partition("\n")[2])
    return read(other)


def target(key: Path | None = None) -> AuditedHost:
    return AuditedHost("store", "127.0.0.1", 1, "auditor", key, (), frozenset({"all"}), {})


def test_a_missing_key_is_told_before_connecting(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="no key for the auditor"):
        Connection(target(tmp_path / "none"), tmp_path).run("true")


def test_a_refused_connection_is_told_once_and_remembered(tmp_path: Path) -> None:
    connection = Connection(target(), tmp_path)
    with pytest.raises(Unreachable, match="store can't be audited: ssh: connect to host 127.0.0.1") as first:
        connection.run("true")
    with pytest.raises(Unreachable) as second:
        connection.run("true")
    assert first.value is second.value


def source(directory: Path, script: str) -> Path:
    directory.mkdir()
    (directory / "hosts.yml").write_text("all: {}")
    path = directory / "secrets"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return directory


def test_secrets_come_from_the_executable_source(tmp_path: Path) -> None:
    store = '"store": {"vars": {"postgresql_passwords": {"archive_writer": "w"}}}'
    groups = f'"all": {{"vars": {{"key": "k", "days": 3}}}}, {store}'
    document = f'{{{groups}, "_meta": {{"hostvars": {{"alpha": {{"login": "l"}}}}}}}}'
    found = of_inventory(source(tmp_path / "inventory", f"echo '{document}'"))
    assert found["postgresql_passwords"] == {"archive_writer": "w"}
    assert sorted(values(found)) == ["k", "l", "w"]


def test_no_secret_is_lost_to_another_of_its_name(tmp_path: Path) -> None:
    document = '{"store": {"vars": {"pw": "of-store"}}, "vault": {"vars": {"pw": "of-vault"}}}'
    found = of_inventory(source(tmp_path / "inventory", f"echo '{document}'"))
    assert set(values(found)) == {"of-store", "of-vault"}


@pytest.mark.parametrize("script", ["echo no state >&2; exit 1", "echo rubbish", "echo '[]'"])
def test_a_source_that_fails_is_told(tmp_path: Path, script: str) -> None:
    with pytest.raises(NotChecked, match="secrets can't be read"):
        of_inventory(source(tmp_path / "inventory", script))


def test_no_inventory_directory_means_no_secrets(tmp_path: Path) -> None:
    assert of_inventory(None) == of_inventory(tmp_path / "none") == {}
