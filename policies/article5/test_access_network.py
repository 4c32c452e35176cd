"""Article 5 clause 6-1: nobody reaches message data over the network but who should."""

import pytest

from amanat.audit import prefetch, requirement
from amanat.audit.expectations import services_of
from amanat.audit.parsers import base_chains, listeners, open_ports

RULES = "sudo -n nft -j list ruleset"
COMMONLY_OPEN = {21, 23, 25, 80, 111, 443, 2222, 3306, 5433, 6379, 8000, 8080, 9100, 9187}


@pytest.fixture(scope="session")
def scan(hosts, expected, client):
    """Attempts from outside at the ports that servers commonly have open; what drops them takes its time."""
    audited = [host for host in hosts.values() if services_of(host)]
    assert audited, "no machine carries a service"
    return client.port_scan({host: COMMONLY_OPEN | expected(host).ports for host in audited})


@prefetch(RULES)
@requirement("A5-6-1-access", "A7-protection")
@pytest.mark.parametrize("hook", ["input", "forward"])
def test_the_firewall_drops_what_no_rule_names(machine, hook):
    """The loaded firewall's chains at this hook drop by default."""
    policies = {chain["policy"] for chain in base_chains(machine.json(RULES), hook)}
    assert "drop" in policies, f"default of {hook}"


@prefetch(RULES)
@requirement("A5-6-1-access", "A7-protection")
def test_the_firewall_opens_only_what_the_host_serves_to_known_sources(hosts, machine, expected):
    """Each accepted port is one the host serves to machines that are there, and only for given source addresses."""
    elsewhere = {name for host in hosts.values() if host is not machine for name in services_of(host)}
    opened = set(open_ports(machine.json(RULES), "input"))
    assert opened == {(port, True) for port in expected(machine).open_ports(elsewhere)}


@pytest.mark.first
@pytest.mark.usefixtures("scan")
@requirement("A5-6-1-access", "A5-6-1-trusted")
def test_nothing_else_listens(machine, expected):
    """No further service waits on an address that others reach."""
    reached = {one.port for one in listeners(machine.privileged("ss -Hlntup")) if not one.is_local}
    assert reached <= expected(machine).ports


@pytest.mark.slow
@requirement("A5-6-1-access")
def test_a_client_reaches_no_other_port(expected, client, scan):
    """From outside, of the ports that servers commonly have open, only the hosts' own are accepted."""
    accepted = client.accepted(scan)
    assert accepted == {host: expected(host).controller_ports for host in accepted}
