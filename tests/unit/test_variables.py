"""What the roles are told follows from settings, mirrors and the topology."""

import pytest
import yaml

from amanat import topology, variables
from amanat.network import Network
from amanat.settings import Settings
from amanat.variables import machine_variables, service_variables, shared_variables

NETWORK = Network.from_json(
    {
        "addresses": {"drill": "10.99.7.8", "store": "10.99.7.11", "vault": "10.99.7.12"},
        "controller": "10.99.7.1",
    }
)
NETWORK_AB = Network.from_json(
    {
        "addresses": {"drill": "10.99.7.8", "alpha": "10.99.7.11", "beta": "10.99.7.12"},
        "controller": "10.99.7.1",
    }
)
KNOWN = {
    "endpoints": {"store": ["127.0.0.1", 21022.0, "ssh-ed25519 AAAA"]},
    "deploy": "ssh-ed25519 D",
    "auditor": "ssh-ed25519 A",
    "ca": "CA-PEM",
    "sealing": "PGP",
    "anchor": "ANCHOR-PEM",
}


@pytest.fixture
def mirrors(monkeypatch):
    """Mirrors as the environment might name them; tests change them."""
    found = variables.Mirrors()

    def become(**values):
        monkeypatch.setattr(variables.Mirrors, "from_environment", lambda: variables.Mirrors(**values))
        return found

    become()
    return become


@pytest.mark.usefixtures("mirrors")
def test_every_host_knows_its_peers_and_keys(paths):
    told = shared_variables(Settings(), paths, NETWORK, KNOWN)
    assert told["base_stack"] == paths.stack_id
    assert told["base_peers"]["store"] == {"address": "10.99.7.11", "names": ["store"]}
    assert set(told["base_peers"]) == {"drill", "store", "vault"}
    assert (told["base_deploy_public_key"], told["base_auditor_public_key"]) == (
        "ssh-ed25519 D",
        "ssh-ed25519 A",
    )
    assert told["pki_ca_certificate"] == "CA-PEM"
    assert not {"PGP", "ANCHOR-PEM"} & {value for value in told.values() if isinstance(value, str)}
    assert told["pki_renew_days"] < told["pki_certificate_days"]


@pytest.mark.usefixtures("mirrors")
def test_a_key_of_one_service_is_told_to_its_machine_alone(paths):
    known = {**KNOWN, "network": NETWORK.as_json()}
    known["endpoints"] = {name: ["127.0.0.1", 21022.0, ""] for name in ("store", "vault")}
    tree = yaml.safe_load(variables.inventory(Settings(), paths, known))["all"]
    groups = {name: group.get("vars", {}) for name, group in tree["children"].items()}
    holders = {
        key: {name for name, told in groups.items() if key in told}
        for key in ("archive_sealing_public_key", "anchor_client_certificate")
    }
    assert holders == {"archive_sealing_public_key": {"store"}, "anchor_client_certificate": {"vault"}}
    assert not set(holders) & set(tree["vars"])


def test_a_setting_wins_over_the_environments_mirror(paths, mirrors):
    mirrors(debian="http://m/debian", debian_security="http://m/security")
    told = shared_variables(Settings(), paths, NETWORK, KNOWN)
    assert told["base_debian_mirror"] == "http://m/debian"
    assert told["base_debian_security_mirror"] == "http://m/security"
    told = shared_variables(Settings(debian_mirror="http://s/debian"), paths, NETWORK, KNOWN)
    assert told["base_debian_mirror"] == "http://s/debian"


def test_hosts_are_told_which_name_servers_were_chosen(paths, mirrors):
    mirrors()
    assert shared_variables(Settings(), paths, NETWORK, KNOWN)["base_name_servers"] == []
    chosen = Settings(name_servers="10.0.0.53, 10.0.1.53")
    assert shared_variables(chosen, paths, NETWORK, KNOWN)["base_name_servers"] == ["10.0.0.53", "10.0.1.53"]


def test_hosts_trust_only_authorities_that_were_chosen(paths, mirrors):
    mirrors(trusted_ca="FOUND")
    assert shared_variables(Settings(), paths, NETWORK, KNOWN)["base_trusted_ca"] == ""
    mirrors(trusted_ca="CHOSEN", trust_is_chosen=True)
    assert shared_variables(Settings(), paths, NETWORK, KNOWN)["base_trusted_ca"] == "CHOSEN"


@pytest.mark.parametrize(
    ("machine", "names"),
    [("main", ["main", "edge", "store", "desk", "otp"]), ("safe", ["safe", "logs", "vault"])],
)
def test_a_machine_is_named_in_its_certificate_as_clients_call_it(paths, monkeypatch, machine, names):
    monkeypatch.setattr(topology, "built", topology.permanent)
    told = machine_variables(machine, TWO, paths, two_machines())
    forms = [form for name in names for form in (name, f"{name}.{paths.stack_id}.internal")]
    assert told["pki_names"] == [
        *forms,
        "localhost",
        "127.0.0.1",
        {"main": "10.99.7.11", "safe": "10.99.7.12"}[machine],
    ]


def two_machines():
    addresses = {"drill": "10.99.7.8", "main": "10.99.7.11", "safe": "10.99.7.12"}
    return Network.from_json({"addresses": addresses, "controller": "10.99.7.1"})


TWO = Settings.model_construct(placement={"main": "store edge desk otp", "safe": "vault logs"})


def test_who_reaches_the_database_is_who_the_firewall_lets_in(paths):
    flows = machine_variables("store", Settings(), paths, NETWORK)["base_flows"]
    (open_to,) = [flow["sources"] for flow in flows if flow["name"] == "store-postgresql"]
    told = service_variables("store", Settings(), NETWORK)
    assert "10.99.7.1" in open_to
    assert told["archive_client_networks"] == [f"{source}/32" for source in open_to]


def test_the_stores_settings_reach_its_roles():
    settings = Settings(store_volume_size_gib=9, message_retention_days=400)
    told = service_variables("store", settings, NETWORK)
    assert (told["volume_size_gib"], told["postgresql_volume_size_gib"]) == (9, 9)
    assert told["archive_message_retention_days"] == 400
    assert told["volume_encryption"] == settings.store_volume_encryption


def test_the_stores_volume_opens_where_the_vault_listens(paths):
    settings = Settings(placement={"alpha": "store", "beta": "vault"})
    joined = Network.from_json(
        {"addresses": {"alpha": "10.99.7.11", "beta": "10.99.7.12"}, "controller": "10.99.7.1"}
    )
    store, vault = (service_variables(name, settings, joined) for name in ("store", "vault"))
    assert store["volume_tang_host"] == "beta"
    assert store["volume_tang_url"] == f"http://vault:{vault['tang_port']}"
    flows = machine_variables("beta", settings, paths, joined)["base_flows"]
    assert {flow["port"]: flow["sources"] for flow in flows}[vault["tang_port"]] == ["10.99.7.11"]


def test_backups_go_by_the_services_name_and_are_let_in_by_the_machines():
    settings = Settings(placement={"alpha": "store", "beta": "vault"})
    store, vault = (service_variables(name, settings, NETWORK_AB) for name in ("store", "vault"))
    assert (store["pgbackrest_client_repository"], store["pgbackrest_client_repository_certificate"]) == (
        "vault",
        "beta",
    )
    assert (
        store["pgbackrest_client_repository_port"]
        == vault["pgbackrest_repository_port"]
        != store["pgbackrest_client_port"]
    )
    assert (vault["pgbackrest_repository_source"], vault["pgbackrest_repository_clients"]) == (
        "store",
        ["alpha", "drill"],
    )
    assert vault["pgbackrest_repository_source_port"] == store["pgbackrest_client_port"]


def test_a_store_without_a_vault_keeps_its_key_and_sends_nothing(paths):
    settings = Settings(placement={"alpha": "store"})
    told = service_variables("store", settings, NETWORK_AB)
    assert (
        told["volume_tang_url"],
        told["pgbackrest_client_repository"],
        told["postgresql_archive_command"],
    ) == (
        "",
        "",
        "",
    )
    assert shared_variables(settings, paths, NETWORK_AB, KNOWN)["restic_client_server"] == ""


def test_a_vault_without_a_store_takes_backups_of_nobody():
    told = service_variables("vault", Settings(placement={"beta": "vault"}), NETWORK_AB)
    assert (told["pgbackrest_repository_source"], told["anchor_database_host"]) == ("", "")
    assert told["pgbackrest_repository_clients"] == ["drill"]


def test_another_service_is_told_nothing_of_the_stores():
    told = service_variables("vault", Settings(), NETWORK)
    assert not [name for name in told if name.startswith(("store", "volume"))]


def test_services_tell_the_same_machine_nothing_twice(monkeypatch):
    """A machine in several groups has the union, so no variable may mean one thing to each of them."""
    monkeypatch.setattr(topology, "built", topology.permanent)
    names = [
        name for service in topology.permanent() for name in service_variables(service, TWO, two_machines())
    ]
    assert len(names) == len(set(names))


def test_the_inventory_has_a_group_for_each_service(paths, mirrors):
    mirrors()
    settings = Settings(placement={"alpha": "store", "beta": "vault"})
    endpoints = {name: ["127.0.0.1", 21022.0, "ssh-ed25519 AAAA"] for name in ("alpha", "beta")}
    known = {**KNOWN, "endpoints": endpoints, "network": NETWORK_AB.as_json()}
    tree = yaml.safe_load(variables.inventory(settings, paths, known))["all"]
    assert set(tree["hosts"]) == {"alpha", "beta"}
    assert {name: list(group["hosts"]) for name, group in tree["children"].items()} == {
        "store": ["alpha"],
        "vault": ["beta"],
    }
    assert tree["children"]["vault"]["vars"]["tang_port"] == 7500
