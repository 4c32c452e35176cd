"""The parts of the configuration: in order, without cycles, never two at once on one machine."""

from dataclasses import replace

import pytest

from amanat import topology
from amanat.inventory_tree import InventoryTree
from amanat.parts import SITE, parts
from amanat.placement import Placement
from amanat.playbook_content import imported_by

TWO = {"alpha": "store", "beta": "vault"}
INVENTORY = """
all:
  vars: {base_stack: s, restic_client_interval_hours: 6}
  hosts: {alpha: {base_flows: [1]}, beta: {base_flows: [2]}}
  children:
    store: {hosts: {alpha: }, vars: {volume_size_gib: 2}}
    vault: {hosts: {beta: }, vars: {pgbackrest_repository_full_days: 7}}
"""


def after(given, **more):
    return {part.name: (part.machines, part.after) for part in parts(Placement.parse(given), **more)}


def test_each_service_has_a_playbook_in_the_site():
    assert set(topology.built()) <= {path.stem for path in imported_by(SITE)}


def test_backups_are_the_last_part():
    """On a new host the last part makes the file integrity baseline (playbooks/backups.yml)."""
    order = [path.stem for path in imported_by(SITE)]
    assert (order[0], order[-1]) == ("base", "backups")


def test_a_service_with_a_volume_or_a_database_keeps_its_machine():
    keeping = {
        part.name for part in parts(Placement.default()) if {"volume", "postgresql"} & part.content.roles
    }
    assert "store" in keeping
    assert {name for name in keeping if not topology.SERVICES[name].stateful} == set()


def test_the_parts_of_two_machines():
    assert after(TWO) == {
        "base": (("alpha", "beta"), ()),
        "tang": (("beta",), ("base",)),
        "vault": (("beta",), ("base", "tang")),
        "store": (("alpha",), ("base", "tang")),
        "backups": (("alpha", "beta"), ("base", "tang", "vault", "store")),
    }


@pytest.mark.parametrize(
    ("service", "names"),
    [("store", ["base", "store", "backups"]), ("vault", ["base", "tang", "vault", "backups"])],
)
def test_a_service_that_is_left_out_has_no_part(service, names):
    found = after({"alpha": service})
    assert list(found) == names
    assert {machines for machines, _ in found.values()} == {("alpha",)}


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site of six services with a playbook each."""
    built = {
        name: replace(service, built=not service.transient) for name, service in topology.SERVICES.items()
    }
    monkeypatch.setattr(topology, "SERVICES", built)
    directory = tmp_path / "playbooks"
    directory.mkdir()
    order = ("base", "vault", "logs", "store", "desk", "otp", "edge")
    for name in order:
        hosts = "all" if name == "base" else name
        (directory / f"{name}.yml").write_text(f"[{{hosts: {hosts}, tasks: []}}]", "utf-8")
    imports = [f"- ansible.builtin.import_playbook: {name}.yml\n" for name in order]
    (directory / "site.yml").write_text("".join(imports), "utf-8")
    (tmp_path / "ansible.cfg").write_text("", "utf-8")
    return directory / "site.yml"


def test_independent_services_run_side_by_side(site):
    each = after({name: name for name in ("vault", "logs", "store", "desk", "otp", "edge")}, site=site)
    assert {name: before for name, (_, before) in each.items()} == {
        "base": (),
        "vault": ("base",),
        "logs": ("base", "vault"),
        "store": ("base",),
        "desk": ("base", "store"),
        "otp": ("base", "store"),
        "edge": ("base", "logs", "desk", "otp"),
    }


@pytest.mark.parametrize("hosts", ["valut", "*", "store,vault", "all:&store", "all:!valut"])
def test_a_playbook_of_no_service_is_refused(site, hosts):
    (site.parent / "vault.yml").write_text(f"- hosts: '{hosts}'\n  tasks: []\n", "utf-8")
    with pytest.raises(ValueError, match="is not a service: nothing would be configured"):
        parts(Placement.parse(TWO), site)


def test_services_on_one_machine_are_chained(site):
    two = after({"main": "store edge desk otp", "safe": "vault logs"}, site=site)
    assert {name: before for name, (_, before) in two.items()} == {
        "base": (),
        "vault": ("base",),
        "logs": ("base", "vault"),
        "store": ("base",),
        "desk": ("base", "store"),
        "otp": ("base", "store", "desk"),
        "edge": ("base", "logs", "store", "desk", "otp"),
    }


def test_what_a_service_needs_comes_before_it_in_the_site(site):
    """So that there is no cycle."""
    order = [path.stem for path in imported_by(site)]
    for name in order[1:]:
        needed = topology.SERVICES[name].needs
        assert all(order.index(one) < order.index(name) for one in needed), name


def test_a_machine_that_is_made_anew_concerns_those_it_serves():
    """The store's volume opens by the keys on the vault's machine."""
    serving = {part.name: set(part.served_by) - set(part.machines) for part in parts(Placement.parse(TWO))}
    assert serving == {"base": set(), "tang": set(), "vault": set(), "store": {"beta"}, "backups": set()}


def test_a_part_gets_the_variables_that_its_files_name():
    tree = InventoryTree.of_text(INVENTORY)
    found = {part.name: part.variables(tree) for part in parts(Placement.parse(TWO))}
    assert found["vault"] == {"beta": {"pgbackrest_repository_full_days": 7}}
    assert found["store"] == {"alpha": {"volume_size_gib": 2}}
    assert found["backups"] == {
        "alpha": {"restic_client_interval_hours": 6},
        "beta": {"restic_client_interval_hours": 6},
    }
    assert found["base"]["alpha"] == {"base_flows": [1], "base_stack": "s"}


def test_a_part_gets_the_secrets_of_its_machines_that_its_files_name():
    secrets = {
        "groups": {
            "all": {"pki_ca_private_key": "ca"},
            "store": {"volume_key": "v"},
            "vault": {"pgbackrest_repository_cipher": "c"},
        },
        "machines": {"alpha": {"restic_client_key": "a"}, "beta": {"restic_client_key": "b"}},
    }
    placement = Placement.parse(TWO)
    found = {part.name: part.secrets(secrets, placement) for part in parts(placement)}
    assert found["vault"] == {
        "groups": {"all": {"pki_ca_private_key": "ca"}, "vault": {"pgbackrest_repository_cipher": "c"}},
        "machines": {"beta": {}},
    }
    assert found["base"]["groups"] == {"all": {"pki_ca_private_key": "ca"}, "store": {}, "vault": {}}
    assert found["backups"]["machines"] == secrets["machines"]
