"""Article 5 clause 6-1: the server is a secure information system (Electronic Commerce Law, Article 2)."""

import time

import pytest

from amanat.audit import requirement

NEEDED = ("ssh.service", "nftables.service", "postgresql@17-main.service")


@requirement("A5-6-1-trusted")
def test_no_service_has_failed(store, bound):
    """systemd knows no unit that should run and doesn't."""
    failed = store.json("systemctl list-units --state=failed --all --output=json")
    assert bound("failed_units").allows(len(failed)), ", ".join(unit["unit"] for unit in failed)


@requirement("A5-6-1-trusted")
@pytest.mark.parametrize("unit", NEEDED)
def test_what_the_store_needs_runs(store, unit):
    """The service is active now."""
    assert store.service(unit).is_running


@requirement("A5-6-1-trusted")
def test_the_host_runs_as_it_is_written(store):
    """No daemon, firewall, kernel setting or account is in another state than its configuration says."""
    assert store.json("sudo -n /usr/local/lib/amanat/probe drift")["drift"] == []


@requirement("A5-6-1-trusted")
def test_the_clock_is_right(store, bound):
    """The host's time differs from the auditor's by no more than the bound."""
    store.read("true")  # the connection is made
    before = time.time()
    there = float(store.read("date +%s.%N"))
    after = time.time()
    offset = max(before - there, there - after, 0.0)
    assert bound("clock_offset_seconds").allows(offset), f"{offset:.1f} seconds"


@requirement("A5-6-1-trusted")
@pytest.mark.parametrize("place", ["/", "/var/lib/amanat", "/srv/archive"])
def test_there_is_room(store, bound, place):
    """The file system isn't near its end."""
    used = int(store.read("df --output=pcent %s", place).split()[-1].rstrip("%"))
    assert bound("disk_used_percent").allows(used), f"{place}: {used} %"


@requirement("A5-6-1-trusted")
def test_there_are_connections_left(store, probe, bound):
    """The server isn't near its limit of connections."""
    query = "SELECT 100.0 * count(*) / current_setting('max_connections')::int FROM pg_stat_activity"
    with probe.login(store, "archive_auditor") as auditor:
        used = float(auditor.value(query))
    assert bound("connections_used_percent").allows(used), f"{used:.0f} %"


@requirement("A5-6-1-trusted")
@pytest.mark.parametrize(
    "unit", ["postgresql.service", "amanat-volume.service", "ssh.service", "nftables.service"]
)
def test_the_host_comes_back_by_itself(store, unit):
    """What the store needs is started at boot, without anybody's hand."""
    assert store.service(unit).is_enabled or store.read("systemctl is-enabled %s", unit).strip() == "static"


@requirement("A5-6-1-trusted")
def test_services_run_in_confinement(store):
    """PostgreSQL can't gain rights, and sees the system read-only."""
    shown = store.read(
        "systemctl show --property=NoNewPrivileges,ProtectSystem,User postgresql@17-main.service"
    )
    properties = dict(line.split("=", 1) for line in shown.splitlines())
    assert properties["NoNewPrivileges"] == "yes"
    assert properties["ProtectSystem"] in ("full", "strict")
    assert properties["User"] not in ("", "root")
