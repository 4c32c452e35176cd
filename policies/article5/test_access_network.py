"""Article 5 clause 6-1: nobody reaches message data over the network but who should."""

import pytest

from amanat.audit import requirement
from amanat.audit.readings import base_chains, listeners, open_ports

SERVED = {22, 5432}  # what a store is for: being configured and audited, being written to and asked
COMMONLY_OPEN = {21, 23, 25, 80, 111, 443, 2222, 3306, 5433, 6379, 8000, 8080, 9100, 9187}


@requirement("A5-6-1-access", "A7-protection")
@pytest.mark.parametrize("hook", ["input", "forward"])
def test_the_firewall_drops_what_no_rule_names(store, hook):
    """The loaded firewall's chains at this hook drop by default."""
    policies = {chain["policy"] for chain in base_chains(store.json("sudo -n nft -j list ruleset"), hook)}
    assert "drop" in policies, f"default of {hook}"


@requirement("A5-6-1-access", "A7-protection")
def test_the_firewall_opens_only_the_stores_services_to_known_sources(store):
    """Each accepted port is one the store serves, and only for given source addresses."""
    opened = set(open_ports(store.json("sudo -n nft -j list ruleset"), "input"))
    assert opened == {(port, True) for port in SERVED}


@requirement("A5-6-1-access", "A5-6-1-trusted")
def test_nothing_else_listens(store):
    """No further service waits on an address that others reach."""
    reached = {one.port for one in listeners(store.privileged("ss -Hlntup")) if not one.is_local}
    assert reached <= SERVED


@pytest.mark.costly
@requirement("A5-6-1-access")
def test_a_client_reaches_no_other_port(store, probe):
    """From outside, of the ports that servers commonly have open, only the store's own are accepted."""
    assert probe.accepted(store, COMMONLY_OPEN | SERVED) == SERVED
