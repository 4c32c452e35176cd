"""Article 5 clause 6-1: from one machine to another gets what is meant to, and nothing else.

The firewall's rules are read elsewhere; here connections are tried, by the auditor's own account on each machine. What
is meant to get through has to: else silence would say nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from amanat.audit import requirement
from amanat.audit.by_service import EVERY
from amanat.audit.errors import NotChecked
from amanat.audit.expectations import WORLD, services_of
from amanat.audit.host import Host
from amanat.audit.parsers import listeners
from amanat.audit.reach import ACCEPTED, COMMONLY_OPEN, SILENT, Attempts, by_caller


@dataclass(frozen=True)
class Reach:
    """Connections between the machines: what is meant to get through, and what isn't."""

    permitted: Sequence[Attempts]
    forbidden: Sequence[Attempts]


@pytest.fixture(scope="session")
def reach(hosts, expected) -> Reach:
    """Attempts from each machine at every other; what drops them takes its time, so it begins early."""
    audited = [host for host in hosts.values() if services_of(host)]
    known = COMMONLY_OPEN.union(*(expected(host).ports for host in audited))
    listening = {host: known | reached_ports(host) for host in audited}

    def meant(caller: Host, target: Host) -> set[int]:
        callers = {EVERY, WORLD, *services_of(caller)}
        return {one.port for one in expected(target).listens if callers & set(one.callers)}

    others = {caller: [host for host in audited if host is not caller] for caller in audited}
    permitted = [Attempts.of(one, {host: meant(one, host) for host in others[one]}) for one in audited]
    forbidden = [
        Attempts.of(one, {host: listening[host] - meant(one, host) for host in others[one]})
        for one in audited
    ]
    for one in forbidden:
        one.start()
    return Reach(permitted, forbidden)


def reached_ports(host: Host) -> set[int]:
    """The ports that something waits at for others than the machine itself."""
    return {one.port for one in listeners(host.privileged("ss -Hlntup")) if not one.is_local}


@pytest.mark.first
@requirement("A5-6-1-access", "A7-protection")
def test_what_other_machines_need_gets_through(machine, reach: Reach):
    """Each port that is for another machine accepts a connection from there, made by a plain account."""
    tried = by_caller(reach.permitted, machine.name)
    failed = {
        caller: shut
        for caller, ports in tried.items()
        if (shut := {port: outcome for port, outcome in ports.items() if outcome != ACCEPTED})
    }
    assert failed == {}


def is_reached(machine: Host, reach: Reach) -> bool:
    """Whether packets of other machines come to it. One that nobody is meant to call has its own calls answered."""
    meant = by_caller(reach.permitted, machine.name)
    if any(meant.values()):
        return any(ACCEPTED in ports.values() for ports in meant.values())
    own = [one for one in reach.permitted if one.caller.name == machine.name]
    return any(ACCEPTED in one.outcomes().values() for one in own)


@pytest.mark.slow
@requirement("A5-6-1-access", "A7-protection")
def test_nothing_else_gets_through_from_another_machine(machine, reach: Reach):
    """From every other machine each further port, whether something waits there or not, stays silent."""
    if not is_reached(machine, reach):
        raise NotChecked(
            "no other machine reaches it at all, so that silence means nothing", f"host {machine.name}"
        )
    tried = by_caller(reach.forbidden, machine.name)
    answered = {
        caller: wrong
        for caller, ports in tried.items()
        if (wrong := {port: outcome for port, outcome in ports.items() if outcome != SILENT})
    }
    assert answered == {}, "connections that the firewall has to drop"
