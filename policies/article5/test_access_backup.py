"""Article 5 clause 6-1: backups show a stranger as little as the archive does."""

import pytest

from amanat.audit import early, requirement
from amanat.audit.expectations import SERVICES, expectations

INFO = "sudo -n -u pgbackrest /usr/local/lib/amanat/probe-repository info"
WAY_OUT = "sudo -n -u postgres /usr/local/lib/amanat/probe-backup"
PROBE_TLS = "/usr/local/lib/amanat/probe-tls %s %d"
GREETING = '{"name":"pgBackRest",'
SERVERS = {name: expectations().of([name]).listening("pgbackrest") for name in ("store", "vault")}
VAULTS, STORES = (PROBE_TLS % (name, SERVERS[name].port) for name in ("vault", "store"))


@pytest.fixture(scope="module", params=[("store", VAULTS), ("vault", STORES)], ids=["vault", "store"])
def attempts(request, hosts):
    """What a host without the right certificate gets from the other's backup server."""
    client, command = request.param
    return hosts.service(client).json(command)


@early(VAULTS, service="store")
@early(STORES, service="vault")
@requirement("A5-6-1-access")
def test_without_a_certificate_a_server_of_backups_says_its_name_and_no_more(attempts):
    """Whoever has no certificate is greeted by program and version; what it asks then is not answered."""
    received = attempts["no certificate"]["received"].splitlines()
    assert len(received) <= 1, received
    assert all(line.startswith(GREETING) for line in received), received


@requirement("A5-6-1-access")
def test_a_foreign_certificate_gets_nothing_from_a_server_of_backups(attempts):
    """A certificate that the stack's authority did not sign ends the connection, before any greeting."""
    assert attempts["no certificate"]["received"].startswith(GREETING), "the server answers nobody"
    assert attempts["foreign certificate"]["received"] == ""
    assert attempts["foreign certificate"]["error"]


@requirement("A5-6-1-access")
def test_a_server_of_backups_speaks_no_old_tls(attempts, bound):
    """TLS below the bound is refused, and what is spoken is allowed by it."""
    assert not attempts["old protocol"]["handshake"]
    spoken = attempts["no certificate"]["version"]
    assert bound("tls_min_version").allows(float(spoken.removeprefix("TLSv"))), spoken


def clients(hosts, server):
    """Those that a server of backups is to serve the archive's, by the machines that carry them."""
    callers = SERVERS[server].callers
    return {f"{hosts.service(name).name if name in SERVICES else name}=archive" for name in callers}


@early(INFO, service="vault")
@early(WAY_OUT)
@requirement("A5-6-1-access")
def test_backups_are_handed_to_those_meant_only(hosts, store, vault):
    """The repository serves store and drill, the store serves the vault; another host of the stack is denied."""
    repository, way_out = vault.json(INFO), store.json(WAY_OUT)
    assert set(repository["clients"]) == clients(hosts, "vault")
    assert set(way_out["clients"]) == clients(hosts, "store")
    assert "access denied" in repository["stranger"]
    assert "access denied" in way_out["stranger"]


@requirement("A5-6-1-access", "A5-6-1-durable")
def test_the_stores_account_may_not_expire_backups(store):
    """PostgreSQL's account on the store, which sends the log, can't start what removes backups, even dry."""
    way_out = store.json(WAY_OUT)
    assert way_out["info"] == "", "the repository does not answer at all"
    assert "unable to acquire lock" in way_out["expire"], way_out["expire"] or "it may"


@requirement("A5-6-1-access", "A5-6-1-durable")
def test_the_network_reaches_no_backup_to_change(vault):
    """The repository's server may write where the log comes in and nowhere else; the kernel filters its calls."""
    server = vault.json(INFO)["server"]
    assert server["writable"] == ["archive"], server["writable"]
    assert server["filtered"]


@requirement("A5-6-1-access")
def test_the_repositorys_files_are_closed(vault):
    """They belong to an account of their own, and no other may look."""
    found = vault.json(INFO)
    assert (found["owner"], found["mode"], found["open_files"]) == ("pgbackrest", "0750", [])
    assert vault.user("pgbackrest").shell.endswith("/nologin")
