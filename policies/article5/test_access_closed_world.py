"""Article 5 clause 6-1 in a closed world: whatever lets somebody at the records is known, and there is nothing else."""

from amanat.audit import prefetch, requirement
from amanat.audit.closed_world import require_expected
from amanat.audit.host import Host
from amanat_host import questions


@prefetch(questions.ACCESS_STATE)
@requirement("A5-6-1-access", "A7-protection")
def test_every_way_in_is_known(machine: Host, unexpected):
    """Accounts, groups, keys, what sshd would do for each account, sudo's rules: all are as they should be."""
    require_expected(unexpected(machine, questions.ACCESS_STATE, "access"))


@prefetch(questions.NETWORK_STATE)
@requirement("A5-6-1-access", "A7-protection")
def test_everything_on_the_network_is_known(machine: Host, unexpected):
    """Every socket, firewall rule, route and name of the machine is as it should be."""
    require_expected(unexpected(machine, questions.NETWORK_STATE, "network"))


@prefetch(questions.DATABASE_STATE, service="store")
@requirement("A5-6-1-access", "A5-6-1-durable", "A5-6-1-integrity", "A7-disclosure")
def test_everything_in_the_database_is_known(store: Host, unexpected):
    """Every role, right, object, definition, login rule and setting of the database is as it should be."""
    require_expected(unexpected(store, questions.DATABASE_STATE, "database"))
