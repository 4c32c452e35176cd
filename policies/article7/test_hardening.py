"""Article 7: what a host has beside what it is for. Whole states are compared: what nobody expects is a finding."""

import fnmatch
import re

import pytest

from amanat.audit import prefetch, requirement
from amanat.audit.host import Host
from amanat.audit.parsers import dropped_sources, listeners, ways_out
from amanat_host import questions
from amanat_host.answers.system import SystemFiles

RULES = "sudo -n nft -j list ruleset"
PROMPTS = (
    *("autovt@.service", "console-getty.service", "container-getty@.service", "debug-shell.service"),
    *("emergency.service", "getty@.service", "rescue.service", "serial-getty@.service"),
)
MAY_LOG_IN = {"root", "deploy", "auditor"}
MOST_EXPOSED = 4.0
SSH_CLIENT = {
    "forwardagent": "no",
    "forwardx11": "no",
    "passwordauthentication": "no",
    "hostbasedauthentication": "no",
    "gssapidelegatecredentials": "no",
    "tunnel": "false",
    "permitlocalcommand": "no",
    "stricthostkeychecking": "ask",
}


def unexpected(found, *expected):
    """Those names that no pattern has."""
    return sorted(one for one in found if not any(fnmatch.fnmatchcase(one, pattern) for pattern in expected))


@pytest.fixture(scope="module")
def files(machine: Host) -> SystemFiles:
    """What of the system belongs to others, may be written by them, or tells them too much."""
    return machine.ask(questions.FILES)


@requirement("A7-protection")
def test_nothing_runs_that_the_host_is_not_for(machine, expected):
    """Of services, sockets, timers and watched paths, only those are up that the host needs."""
    types = "--type=service,socket,timer,path"
    listing = machine.read(f"systemctl list-units {types} --state=active,activating --plain --no-legend")
    up = [line.split()[0] for line in listing.splitlines()]
    assert "ssh.service" in up
    assert unexpected(up, *expected(machine).known_units) == []


@requirement("A7-protection", "A5-6-1-access")
def test_no_service_listens_on_every_address(machine):
    """Each service of the network has been told on which of the host's addresses it is for others."""
    found = listeners(machine.privileged("ss -Hlntup"))
    assert found
    assert [one for one in found if one.address in ("0.0.0.0", "[::]", "*")] == []  # noqa: S104


@requirement("A7-protection", "A5-6-1-access")
def test_no_other_socket_of_the_file_system_waits(machine, expected):
    """Programs of the host meet at the sockets that are known; there is no second door to sshd."""
    paths = [line.split()[4] for line in machine.read("ss -Hlx").splitlines()]
    assert any(path.startswith("/run/systemd/") for path in paths)
    assert unexpected(paths, *expected(machine).unix_sockets) == []


@requirement("A7-protection", "A5-6-1-access")
@pytest.mark.parametrize("unit", PROMPTS)
def test_no_console_asks_for_a_password(machine, unit):
    """No prompt is started on a console, not even when booting fails: no account has a password to give."""
    assert machine.run("systemctl is-enabled %s", unit).stdout.strip() in (
        "masked",
        "masked-runtime",
        "not-found",
    )


@requirement("A7-protection", "A5-6-1-access")
def test_an_account_sees_its_own_processes_only(machine):
    """In /proc there are no processes but those of the account that looks."""
    seen = set(machine.read("stat --format=%u /proc/[0-9]* 2>/dev/null || true").split())
    assert seen == {machine.read("id -u").strip()}


@prefetch(questions.ACCOUNTS)
@requirement("A7-protection", "A5-6-1-access")
def test_only_those_who_come_in_have_a_shell(machine: Host):
    """No account of a service has a shell."""
    accounts = machine.ask(questions.ACCOUNTS).accounts
    assert {account.name for account in accounts if account.login_shell} <= MAY_LOG_IN


@requirement("A7-protection")
@pytest.mark.parametrize("account", sorted(MAY_LOG_IN))
def test_a_password_would_grow_old(machine: Host, account):
    """Should an account that may come in ever get a password, that ends within a year, after a warning."""
    found = {known.name: known for known in machine.ask(questions.ACCOUNTS).accounts}[account]
    assert 1 <= (found.max_days or 0) <= 365, found.max_days
    assert (found.min_days or 0) >= 1
    assert (found.warn_days or 0) >= 7


@prefetch(RULES)
@requirement("A7-protection")
def test_nothing_from_outside_passes_for_the_host_itself(machine):
    """What comes by a cable with a sender of 127.0.0.0/8 or ::1 is dropped."""
    assert {"127.0.0.0/8", "::1"} <= dropped_sources(machine.json(RULES), "input")


@prefetch(RULES)
@requirement("A7-protection", "A5-6-1-access")
def test_no_service_finds_a_way_out(machine):
    """Only updates, alerts, answers to customers, resolver and clock reach addresses that nobody named."""
    known = machine.run(
        "getent passwd root _apt _chrony alertmanager monitoring-watch postfix"
    ).stdout.splitlines()
    trusted = {part for line in known for part in (line.split(":")[0], line.split(":")[2])}
    assert ways_out(machine.json(RULES), "output", trusted) == []


@prefetch(questions.FILES)
@requirement("A7-protection")
def test_directories_of_the_system_are_roots(files: SystemFiles):
    """Who owns a directory may exchange what is in it, whoever owns that."""
    assert files.foreign_directories == []


@requirement("A7-protection")
def test_nobody_else_may_write_the_systems_files(files: SystemFiles):
    """No file that everybody may write, and none of the system that another group may."""
    assert files.writable == []


@requirement("A7-protection", "A5-6-1-access")
def test_logs_are_for_their_readers(files: SystemFiles):
    """What programs noted is not for every account to read."""
    assert files.readable_logs == []


@requirement("A7-protection", "A5-6-1-access")
def test_what_opens_things_is_not_for_every_account(machine, expected):
    """Where keys, ciphers and passwords lie, the auditor's account reads only what is known to tell nothing."""
    listing = machine.read(
        f"find {' '.join(expected(machine).private_paths)} -type f -readable 2>/dev/null || true"
    )
    readable = listing.splitlines()
    assert "/etc/amanat/pki/ca.crt" in readable
    assert unexpected(readable, *expected(machine).readable_paths) == []


@requirement("A7-protection")
def test_no_unit_is_changed_by_a_file_that_nobody_knows(machine, expected):
    """What a drop-in, or a unit until the next boot, takes from a service's confinement shows in no other place."""
    listing = machine.read(
        "find /etc/systemd/system.control /run/systemd/system /run/systemd/system.control -type f 2>/dev/null;"
        " find /etc/systemd/system -type f -name '*.conf'"
    )
    assert unexpected(listing.splitlines(), *expected(machine).drop_ins) == []


@requirement("A7-protection")
def test_our_services_can_do_little(machine):
    """By systemd's own measure none of ours is exposed more than it must (0: nothing allowed; 10: everything)."""
    listing = machine.read("systemctl list-unit-files --plain --no-legend 'amanat-*.service'")
    units = sorted(line.split()[0] for line in listing.splitlines())
    assert units
    shown = machine.read("systemd-analyze security --no-pager " + " ".join(units))
    exposed = {unit: float(much) for unit, much in re.findall(r"level for (\S+): ([\d.]+)", shown)}
    # A template is measured by an instance that systemd makes up.
    assert {unit.replace("@test_instance.", "@.") for unit in exposed} == set(units)
    assert {unit: much for unit, much in exposed.items() if much > MOST_EXPOSED} == {}


@requirement("A7-protection")
@pytest.mark.parametrize("setting", SSH_CLIENT)
def test_ssh_from_a_host_gives_nothing_away(machine, setting):
    """Who goes on from a host by SSH, with nothing asked for, shows no key, agent or password to what isn't known."""
    shown = machine.read("ssh -G host.invalid")
    settings = dict(line.split(" ", 1) for line in shown.splitlines() if " " in line)
    assert settings[setting] == SSH_CLIENT[setting]
