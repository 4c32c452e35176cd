"""Article 7, our reading of the laws in force: technical protection of the systems."""

from collections.abc import Mapping
from datetime import datetime

import pytest

from amanat.audit import prefetch, requirement
from amanat.audit.host import Host
from amanat.audit.timers import hours_until_due, last_result
from amanat.audit.timing import age_seconds
from amanat.calendars import both
from amanat_host import questions
from amanat_host.answers.system import KernelSetting, Updates

DPKG_VERIFY = "sudo -n /usr/bin/dpkg --verify"
MAY_RUN_AS_ANOTHER = {  # what an ordinary Debian server can't do without
    "/usr/bin/sudo",
    "/usr/lib/dbus-1.0/dbus-daemon-launch-helper",
    "/usr/sbin/postdrop",
    "/usr/sbin/postqueue",
    "/usr/sbin/unix_chkpwd",
}
RESTARTS = "amanat-restart-outdated"
# The bus, and who knows who is logged in: no service goes on without them.
OF_THE_MACHINE = {"dbus.service", "dbus-broker.service", "systemd-logind.service"}
NOTED_WITHIN_MINUTES = 15  # of the refresh of the lists, whose last step it is
KERNEL = {
    "net.ipv4.conf.all.accept_redirects": "0",
    "net.ipv4.conf.all.send_redirects": "0",
    "net.ipv4.conf.all.accept_source_route": "0",
    "net.ipv4.conf.all.secure_redirects": "0",
    "net.ipv4.conf.all.log_martians": "1",
    "net.ipv4.conf.all.rp_filter": "1",
    "net.ipv4.conf.default.accept_redirects": "0",
    "net.ipv4.conf.default.accept_source_route": "0",
    "net.ipv4.conf.default.send_redirects": "0",
    "net.ipv4.tcp_rfc1337": "1",
    "net.ipv4.tcp_syncookies": "1",
    "net.ipv4.icmp_echo_ignore_broadcasts": "1",
    "kernel.randomize_va_space": "2",
    "kernel.dmesg_restrict": "1",
}


def hours_since(moment):
    """Hours from a UTC time until now; for ever if it never was."""
    if moment is None:
        return float("inf")
    return age_seconds(moment) / 3600


def shown(moment):
    """A UTC time in both calendars."""
    return both(datetime.fromisoformat(moment)) if moment else "never"


@pytest.fixture(scope="module")
def updates(machine: Host) -> Updates:
    """How updates come in, when they last did, and what waits."""
    return machine.ask(questions.UPDATES)


@pytest.fixture(scope="module")
def kernel(machine: Host) -> Mapping[str, KernelSetting]:
    """Kernel settings as they are, and whether the host may set them."""
    return machine.ask(questions.SYSCTL).settings


@prefetch(questions.UPDATES)
@requirement("A7-protection")
def test_security_updates_are_looked_for(updates: Updates, bound):
    """The timers run as often as the bound asks, the security archive is a source, and the lists are fresh."""
    refreshed = updates.lists_refreshed
    assert updates.security_source, "no list of security updates"
    for name in ("Update-Package-Lists", "Unattended-Upgrade"):
        days = int(updates.periodic_days.get(name, "0"))
        assert days, f"{name} is off"
        assert bound("patch_check_hours").allows(days * 24), f"{name} every {days} days"
    assert set(updates.timers.values()) == {"active"}
    assert bound("patch_check_hours").allows(hours_since(refreshed)), f"lists refreshed: {shown(refreshed)}"


@requirement("A7-protection")
def test_no_security_update_waits(updates: Updates, bound):
    """No security update that the lists have waits longer than the bound, counted from when the host first saw it."""
    behind = hours_since(updates.noted_at) - hours_since(updates.lists_refreshed)
    assert behind * 60 <= NOTED_WITHIN_MINUTES, f"last noted what waits: {shown(updates.noted_at)}"
    since = {package: seen or updates.lists_refreshed for package, seen in updates.waiting_since.items()}
    late = {
        package: shown(seen)
        for package, seen in since.items()
        if not bound("patch_age_days").allows(hours_since(seen) / 24)
    }
    assert late == {}


@requirement("A7-protection")
def test_updates_are_in_use(updates: Updates, bound):
    """No service goes on with code that an update replaced for longer than the bound; bus and logins may for longer."""
    late = {
        unit: shown(since)
        for unit, since in updates.replaced_since.items()
        if not bound(bound_of(unit)).allows(hours_since(since))
    }
    assert late == {}


@requirement("A7-protection")
def test_services_will_be_restarted_after_the_next_update(machine: Host):
    """What restarts them is due within the hour, and its last run succeeded."""
    assert hours_until_due(machine, RESTARTS) <= 1
    assert last_result(machine, RESTARTS) == "success"


def bound_of(unit: str) -> str:
    """The bound for a unit that goes on with replaced code."""
    return "machine_restart_hours" if unit in OF_THE_MACHINE else "service_restart_hours"


@prefetch(questions.INTEGRITY)
@requirement("A7-protection")
def test_changes_of_system_files_are_noticed(machine: Host, bound):
    """The comparison of the host's files with their baseline is recent and found nothing."""
    found = machine.ask(questions.INTEGRITY)
    assert bound("integrity_check_hours").allows(hours_since(found.checked_at)), shown(found.checked_at)
    assert found.clean, {"added": found.added[:5], "removed": found.removed[:5], "changed": found.changed[:5]}


@prefetch(questions.SETUID)
@requirement("A7-protection")
def test_no_needless_program_runs_with_anothers_rights(machine: Host):
    """Set-user-ID files are the few that a server needs, and each belongs to a package."""
    files = machine.ask(questions.SETUID).files
    assert {file.path for file in files} <= MAY_RUN_AS_ANOTHER
    assert [file.path for file in files if file.package is None] == []


@prefetch(questions.SYSCTL)
@requirement("A7-protection")
@pytest.mark.parametrize("setting", KERNEL)
def test_the_kernel_is_set_strictly(kernel: Mapping[str, KernelSetting], setting):
    """The running kernel has the strict value. What a container can't have of its own is its machine's to set."""
    found = kernel[setting]
    its_own = found.settable or setting.startswith("net.ipv4.")
    assert found.actual == KERNEL[setting] or not its_own, f"{setting} = {found.actual}"


@pytest.mark.slow
@prefetch(DPKG_VERIFY)
@requirement("A7-protection")
def test_files_of_packages_are_unchanged(machine):
    """dpkg finds no program or library that differs from its package."""
    done = machine.run(DPKG_VERIFY)
    lines = machine.require_success(done, exit_statuses=(0, 1)).splitlines()
    assert lines or done.exit_status == 0, "dpkg did not run"
    assert [line for line in lines if "??5" in line and " c " not in line] == []


@requirement("A7-protection")
@pytest.mark.parametrize("file", ["/etc/shadow", "/etc/sudoers", "/etc/ssh/ssh_host_ed25519_key"])
def test_secrets_of_the_system_are_closed(machine, file):
    """An ordinary account can't read the file."""
    assert machine.run("cat %s", file).rc != 0
