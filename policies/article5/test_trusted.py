"""Article 5 clause 6-1: the server is a secure information system (Electronic Commerce Law, Article 2)."""

import time

from amanat.audit import prefetch, requirement
from amanat.audit.host import Host
from amanat_host import questions


@requirement("A5-6-1-trusted")
def test_no_service_has_failed(machine, bound):
    """systemd knows no unit that should run and doesn't."""
    failed = machine.json("systemctl list-units --state=failed --all --output=json")
    assert bound("failed_units").allows(len(failed)), ", ".join(unit["unit"] for unit in failed)


@requirement("A5-6-1-trusted")
def test_what_the_host_is_for_runs(machine, expected):
    """Its services are active now."""
    needed = expected(machine).active_units
    states = machine.run(f"systemctl is-active {' '.join(needed)}").stdout.splitlines()
    assert dict(zip(needed, states, strict=True)) == dict.fromkeys(needed, "active")


@prefetch(questions.DRIFT)
@requirement("A5-6-1-trusted")
def test_the_host_runs_as_it_is_written(machine: Host):
    """No daemon, firewall, kernel setting or account is in another state than its configuration says."""
    assert machine.ask(questions.DRIFT).drift == []


@requirement("A5-6-1-trusted")
def test_the_clock_is_right(machine, bound):
    """The host's time differs from the auditor's by no more than the bound."""
    machine.read("true")  # the connection is made
    before = time.time()
    there = float(machine.read("date +%s.%N"))
    after = time.time()
    offset = max(before - there, there - after, 0.0)
    assert bound("clock_offset_seconds").allows(offset), f"{offset:.1f} seconds"


@requirement("A5-6-1-trusted")
def test_there_is_room(machine, expected, bound):
    """No file system is near its end."""
    file_systems = " ".join(expected(machine).file_systems)
    listing = machine.read(f"df --output=pcent,target {file_systems}").splitlines()[1:]
    used = {path: int(percent.rstrip("%")) for percent, path in map(str.split, listing)}
    assert len(used) >= 1
    full = {path: percent for path, percent in used.items() if not bound("disk_used_percent").allows(percent)}
    assert full == {}


@requirement("A5-6-1-trusted")
def test_there_are_connections_left(store, client, bound):
    """The server isn't near its limit of connections."""
    query = "SELECT 100.0 * count(*) / current_setting('max_connections')::int FROM pg_stat_activity"
    with client.login(store, "archive_auditor") as auditor:
        used = float(auditor.value(query))
    assert bound("connections_used_percent").allows(used), f"{used:.0f} %"


@requirement("A5-6-1-trusted")
def test_the_host_comes_back_by_itself(machine, expected):
    """What the host is for is started at boot, without anybody's hand."""
    units = expected(machine).units_at_boot
    listing = machine.run(f"systemctl is-enabled {' '.join(units)}").stdout.splitlines()
    states = dict(zip(units, listing, strict=True))
    assert {unit: state for unit, state in states.items() if state not in ("enabled", "static")} == {}


@requirement("A5-6-1-trusted")
def test_services_run_in_confinement(machine, expected):
    """What the network reaches, and what handles data, can't gain rights and sees the system read-only."""
    for unit in expected(machine).confined:
        shown = machine.read("systemctl show --property=NoNewPrivileges,ProtectSystem,User %s", unit)
        properties = dict(line.split("=", 1) for line in shown.splitlines())
        assert properties["NoNewPrivileges"] == "yes", unit
        assert properties["ProtectSystem"] in ("full", "strict"), unit
        assert properties["User"] not in ("", "root"), unit
