"""Article 5 clause 6-1: backups show a stranger as little as the archive does."""

import pytest

from amanat.audit import prefetch, requirement
from amanat.audit.expectations import SERVICES, expectations
from amanat.audit.host import Host
from amanat.audit.hosts import Hosts
from amanat_host import questions
from amanat_host.answers.system import TlsAttempts

GREETING = '{"name":"pgBackRest",'
SERVERS = {name: expectations().of([name]).listening("pgbackrest") for name in ("store", "vault")}
VAULTS, STORES = (questions.tls_attempts(name, SERVERS[name].port) for name in ("vault", "store"))


@pytest.fixture(scope="module", params=[("store", VAULTS), ("vault", STORES)], ids=["vault", "store"])
def attempts(request, hosts) -> TlsAttempts:
    """What a host without the right certificate gets from the other's backup server."""
    client, question = request.param
    host: Host = hosts.service(client)
    answer: TlsAttempts = host.ask(question)
    return answer


@prefetch(VAULTS, service="store")
@prefetch(STORES, service="vault")
@requirement("A5-6-1-access")
def test_without_a_certificate_a_server_of_backups_says_its_name_and_no_more(attempts: TlsAttempts):
    """Whoever has no certificate is greeted by program and version; what it asks then is not answered."""
    received = attempts.no_certificate.received.splitlines()
    assert len(received) <= 1, received
    assert all(line.startswith(GREETING) for line in received), received


@requirement("A5-6-1-access")
def test_a_foreign_certificate_gets_nothing_from_a_server_of_backups(attempts: TlsAttempts):
    """A certificate that the stack's authority did not sign ends the connection, before any greeting."""
    assert attempts.no_certificate.received.startswith(GREETING), "the server answers nobody"
    assert attempts.foreign_certificate.received == ""
    assert attempts.foreign_certificate.error


@requirement("A5-6-1-access")
def test_a_server_of_backups_speaks_no_old_tls(attempts: TlsAttempts, bound):
    """TLS below the bound is refused, and what is spoken is allowed by it."""
    assert not attempts.old_protocol.handshake
    spoken = attempts.no_certificate.version
    assert bound("tls_min_version").allows(float(spoken.removeprefix("TLSv"))), spoken


def clients(hosts: Hosts, server: str) -> set[str]:
    """Those that a server of backups is to serve the archive's, by the machines that carry them."""
    callers = SERVERS[server].callers
    return {f"{hosts.service(name).name if name in SERVICES else name}=archive" for name in callers}


@prefetch(questions.REPOSITORY, service="vault")
@prefetch(questions.WAL_ARCHIVING)
@requirement("A5-6-1-access")
def test_backups_are_handed_to_those_meant_only(hosts: Hosts, store: Host, vault: Host):
    """The repository serves store and drill, the store serves the vault; another host of the stack is denied."""
    repository, wal_archiving = vault.ask(questions.REPOSITORY), store.ask(questions.WAL_ARCHIVING)
    assert set(repository.clients) == clients(hosts, "vault")
    assert set(wal_archiving.clients) == clients(hosts, "store")
    assert "access denied" in repository.unauthorized_host
    assert "access denied" in wal_archiving.unauthorized_host


@requirement("A5-6-1-access", "A5-6-1-durable")
def test_the_stores_account_may_not_expire_backups(store: Host):
    """PostgreSQL's account on the store, which sends WAL, can't start what removes backups, even dry."""
    wal_archiving = store.ask(questions.WAL_ARCHIVING)
    assert wal_archiving.info == "", "the repository does not answer at all"
    assert "unable to acquire lock" in wal_archiving.expire, wal_archiving.expire or "it may"


@requirement("A5-6-1-access", "A5-6-1-durable")
def test_the_network_reaches_no_backup_to_change(vault: Host):
    """The repository's server may write where WAL comes in and nowhere else; the kernel filters its calls."""
    server = vault.ask(questions.REPOSITORY).server
    assert server.writable == ["archive"], server.writable
    assert server.filtered


@requirement("A5-6-1-access")
def test_the_repositorys_files_are_closed(vault: Host):
    """They belong to an account of their own, and no other may look."""
    found = vault.ask(questions.REPOSITORY)
    assert (found.owner, found.mode, found.open_files) == ("pgbackrest", "0750", [])
    assert vault.user("pgbackrest").shell.endswith("/nologin")
