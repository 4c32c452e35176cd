"""What the roles are told follows from settings, mirrors and the topology."""

import pytest

from amanat import configure
from amanat.configure import host_variables, shared_variables
from amanat.settings import Settings

KNOWN = {
    "subnet": "10.99.7.0/24",
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
    found = configure.Mirrors()

    def become(**values):
        monkeypatch.setattr(configure.Mirrors, "from_environment", lambda: configure.Mirrors(**values))
        return found

    become()
    return become


@pytest.mark.usefixtures("mirrors")
def test_every_host_knows_its_peers_and_keys(places):
    told = shared_variables(Settings(), places, KNOWN)
    assert told["base_stack"] == places.stack_id
    assert told["base_peers"] == {"drill": "10.99.7.8", "store": "10.99.7.11"}
    assert (told["base_deploy_public_key"], told["base_auditor_public_key"]) == (
        "ssh-ed25519 D",
        "ssh-ed25519 A",
    )
    assert (told["pki_ca_certificate"], told["archive_sealing_public_key"]) == ("CA-PEM", "PGP")
    assert told["pki_renew_days"] < told["pki_certificate_days"]


def test_a_setting_wins_over_the_environments_mirror(places, mirrors):
    mirrors(debian="http://m/debian", debian_security="http://m/security")
    told = shared_variables(Settings(), places, KNOWN)
    assert told["base_debian_mirror"] == "http://m/debian"
    assert told["base_debian_security_mirror"] == "http://m/security"
    told = shared_variables(Settings(debian_mirror="http://s/debian"), places, KNOWN)
    assert told["base_debian_mirror"] == "http://s/debian"


def test_hosts_are_told_which_name_servers_were_chosen(places, mirrors):
    mirrors()
    assert shared_variables(Settings(), places, KNOWN)["base_name_servers"] == []
    chosen = Settings(name_servers="10.0.0.53, 10.0.1.53")
    assert shared_variables(chosen, places, KNOWN)["base_name_servers"] == ["10.0.0.53", "10.0.1.53"]


def test_hosts_trust_only_authorities_that_were_chosen(places, mirrors):
    mirrors(trusted_ca="FOUND")
    assert shared_variables(Settings(), places, KNOWN)["base_trusted_ca"] == ""
    mirrors(trusted_ca="CHOSEN", trust_is_chosen=True)
    assert shared_variables(Settings(), places, KNOWN)["base_trusted_ca"] == "CHOSEN"


@pytest.mark.parametrize(
    ("subnet", "address"), [("10.99.7.0/24", "10.99.7.11"), ("192.168.1.16/28", "192.168.1.27")]
)
def test_a_host_is_named_in_its_certificate_as_clients_call_it(places, subnet, address):
    told = host_variables("store", Settings(), places, subnet)
    assert told["pki_names"] == [
        "store",
        f"store.{places.stack_id}.internal",
        "localhost",
        "127.0.0.1",
        address,
    ]


def test_who_reaches_the_database_is_who_the_firewall_lets_in(places):
    told = host_variables("store", Settings(), places, "10.99.7.0/24")
    flows = {flow["name"]: flow["sources"] for flow in told["base_flows"]}
    assert "10.99.7.1" in flows["postgresql"]
    assert told["store_client_networks"] == [f"{source}/32" for source in flows["postgresql"]]


def test_the_stores_settings_reach_its_roles(places):
    settings = Settings(store_volume_size_gib=9, message_retention_days=400)
    told = host_variables("store", settings, places, "10.99.7.0/24")
    assert (told["volume_size_gib"], told["store_volume_gib"]) == (9, 9)
    assert told["archive_message_retention_days"] == 400
    assert told["volume_encryption"] == settings.store_volume_encryption


def test_the_stores_volume_opens_where_the_vault_listens(places):
    store = host_variables("store", Settings(), places, "10.99.7.0/24")
    vault = host_variables("vault", Settings(), places, "10.99.7.0/24")
    assert store["volume_tang_host"] == "vault"
    assert store["volume_tang_url"] == f"http://vault:{vault['tang_port']}"
    assert {flow["port"]: flow["sources"] for flow in vault["base_flows"]}[vault["tang_port"]] == [
        "10.99.7.11"
    ]


def test_another_host_is_told_nothing_of_the_stores(places):
    assert not [
        name
        for name in host_variables("vault", Settings(), places, "10.99.7.0/24")
        if name.startswith(("store", "volume"))
    ]
