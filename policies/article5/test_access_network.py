"""Article 5 clause 6-1: nobody reaches message data over the network but who should."""

import pytest

from amanat.audit import early, requirement
from amanat.audit.readings import base_chains, listeners, open_ports

RULES = "sudo -n nft -j list ruleset"
SERVED = {  # what a host is for, beside being configured and audited
    "store": {22, 5432, 8432},  # being written to and asked; being backed up
    "vault": {22, 7500, 8000, 8432},  # unlock keys; copies of files; backups and log of the database
}
REACHED = {"store": {22, 5432}, "vault": {22}}  # by the machine that audits
COMMONLY_OPEN = {21, 23, 25, 80, 111, 443, 2222, 3306, 5433, 6379, 8000, 8080, 9100, 9187}


@pytest.fixture(scope="session")
def knocks(hosts, probe):
    """Attempts from outside at the ports that servers commonly have open; what drops them takes its time."""
    return probe.knock({hosts.job(job): COMMONLY_OPEN | served for job, served in SERVED.items()})


@early(RULES)
@requirement("A5-6-1-access", "A7-protection")
@pytest.mark.parametrize("hook", ["input", "forward"])
def test_the_firewall_drops_what_no_rule_names(machine, hook):
    """The loaded firewall's chains at this hook drop by default."""
    policies = {chain["policy"] for chain in base_chains(machine.json(RULES), hook)}
    assert "drop" in policies, f"default of {hook}"


@early(RULES)
@requirement("A5-6-1-access", "A7-protection")
def test_the_firewall_opens_only_what_the_host_serves_to_known_sources(machine, job):
    """Each accepted port is one the host serves, and only for given source addresses."""
    opened = set(open_ports(machine.json(RULES), "input"))
    assert opened == {(port, True) for port in SERVED[job]}


@pytest.mark.prepares
@pytest.mark.usefixtures("knocks")
@requirement("A5-6-1-access", "A5-6-1-trusted")
def test_nothing_else_listens(machine, job):
    """No further service waits on an address that others reach."""
    reached = {one.port for one in listeners(machine.privileged("ss -Hlntup")) if not one.is_local}
    assert reached <= SERVED[job]


@pytest.mark.costly
@requirement("A5-6-1-access")
def test_a_client_reaches_no_other_port(hosts, probe, knocks):
    """From outside, of the ports that servers commonly have open, only the hosts' own are accepted."""
    assert probe.accepted(knocks) == {hosts.job(job): reached for job, reached in REACHED.items()}
