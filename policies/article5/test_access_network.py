"""Article 5 clause 6-1: nobody reaches message data over the network but who should."""

import pytest

from amanat.audit import prefetch, requirement
from amanat.audit.by_service import EVERY
from amanat.audit.expectations import CONTROLLER, WORLD, services_of
from amanat.audit.host import Host
from amanat.audit.hosts import Hosts
from amanat.audit.names import controller_address, peers_of
from amanat.audit.parsers import base_chains, callers, listeners, open_ports
from amanat.audit.reach import COMMONLY_OPEN

RULES = "sudo -n nft -j list ruleset"


def addresses(hosts: Hosts, machine: Host, caller: str) -> list[set[str]]:
    """The addresses of each machine that is a caller of a machine's port, as nft writes them; none that isn't there."""
    if caller == CONTROLLER:  # this very connection
        return [{controller_address(machine)}]
    if caller == WORLD:
        return [{"any"}]
    if caller == "drill":  # is there while a drill lasts; its address is kept free for it
        kept = peers_of(machine).get(caller, {}).get("address")
        return [{str(kept)}] if kept else []
    others = [host for host in hosts.values() if host is not machine]
    calling = [host for host in others if caller == EVERY or caller in services_of(host)]
    return [set(host.read("hostname --all-ip-addresses").split()) for host in calling]


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
    """Each accepted port is one the host serves to machines that are there, and only for given source addresses.

    What is for everybody has none.
    """
    elsewhere = {name for host in hosts.values() if host is not machine for name in services_of(host)}
    opened = set(open_ports(machine.json(RULES), "input"))
    here = expected(machine)
    for_all = {one.port for one in here.listens if WORLD in one.callers}
    assert opened == {(port, port not in for_all) for port in here.open_ports(elsewhere)}


@prefetch(RULES)
@requirement("A5-6-1-access", "A7-protection")
def test_each_port_is_open_to_those_who_need_it(hosts, machine, expected):
    """Each port is accepted from the addresses of the machines that it is for, all of them, and from no other."""
    rules = machine.json(RULES)
    wrong = {}
    for one in expected(machine).listens:
        meant = [each for caller in one.callers for each in addresses(hosts, machine, caller)]
        accepted = callers(rules, "input", one.port)
        strange = accepted - set().union(*meant)
        shut_out = [sorted(each) for each in meant if not each & accepted]
        if strange or shut_out:
            wrong[one.name] = {"strange": sorted(strange), "shut out": shut_out}
    assert wrong == {}


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
