"""What is run or obeyed at boot, at login of a user's manager, or when a device comes, beside systemd's units."""

from __future__ import annotations

import os
import pwd
import re

from amanat_host.state.listing import Listing, changed_at, files_below
from amanat_host.state.owned import package_of
from amanat_host.system.state import output

SYSTEMD_ANALYZE = "/usr/bin/systemd-analyze"
# Programs and rules that systemd, udev, D-Bus or the kernel's loader take up by lying there.
HOOKS = tuple(
    f"{root}/{name}"
    for root in ("/etc", "/run", "/usr/local/lib", "/usr/lib")
    for name in (
        *("systemd/system-generators", "systemd/user-generators", "systemd/system-environment-generators"),
        *(
            "systemd/user-environment-generators",
            "systemd/system-shutdown",
            "systemd/system-sleep",
            "systemd/user",
        ),
        *(
            "systemd/system-preset",
            "systemd/user-preset",
            "environment.d",
            "tmpfiles.d",
            "sysctl.d",
            "sysusers.d",
        ),
        *(
            "modules-load.d",
            "binfmt.d",
            "udev/rules.d",
            "extensions",
            "confexts",
            "portables",
            "repart.d",
            "kernel",
        ),
        *("credstore", "credstore.encrypted", "userdb"),
    )
) + (
    *("/var/lib/extensions", "/var/lib/confexts", "/var/lib/portables", "/var/lib/systemd/linger"),
    *(
        "/etc/dbus-1/system-services",
        "/run/dbus-1/system-services",
        "/usr/local/share/dbus-1",
        "/usr/share/dbus-1",
    ),
    *("/etc/init.d", "/etc/rc.local", "/etc/initramfs-tools", "/etc/kernel", "/etc/update-motd.d"),
    *(
        "/etc/NetworkManager",
        "/etc/networkd-dispatcher",
        "/etc/network",
        "/etc/ppp",
        "/etc/dhcp",
        "/etc/ifplugd",
    ),
    *(
        "/var/spool/cron",
        "/var/spool/at",
        "/etc/cron.d",
        "/etc/cron.hourly",
        "/etc/cron.daily",
        "/etc/cron.weekly",
    ),
    *("/etc/cron.monthly", "/etc/anacrontab", "/etc/crontab", "/etc/apm", "/etc/acpi", "/etc/xinetd.d"),
)
OF_A_USER = (
    ".config/systemd/user",
    ".local/share/systemd/user",
    ".config/environment.d",
    ".config/autostart",
    ".pam_environment",
)
CONFIGURATIONS = (
    *(
        "system.conf",
        "user.conf",
        "journald.conf",
        "coredump.conf",
        "logind.conf",
        "timesyncd.conf",
        "resolved.conf",
    ),
    *(
        "networkd.conf",
        "sleep.conf",
        "pstore.conf",
        "oomd.conf",
        "journal-remote.conf",
        "journal-upload.conf",
    ),
)


def read() -> Listing:
    """Hooks that no package brought, what accounts start, and systemd's configuration as it counts."""
    listing = Listing()
    for path in hooks():
        if not package_of(path):
            value = os.readlink(path) if os.path.islink(path) else "file"
            listing.add(f"hook {path}", value, changed_at(path))
    read_configurations(listing)
    return listing


def hooks() -> list[str]:
    """Every file and link where one is enough to be run or obeyed."""
    homes = {account.pw_dir for account in pwd.getpwall() if account.pw_dir not in ("/", "/nonexistent")}
    roots = [*HOOKS, *(f"{home}/{name}" for home in sorted(homes) for name in OF_A_USER)]
    single = [path for path in roots if os.path.isfile(path) or os.path.islink(path)]
    return [*single, *files_below(*(path for path in roots if path not in single))]


def read_configurations(listing: Listing) -> None:
    """Settings of systemd's programs."""
    for name in CONFIGURATIONS:
        merged = output(SYSTEMD_ANALYZE, "cat-config", "--tldr", "--no-pager", f"systemd/{name}")
        for setting, value in settings_of(merged).items():
            listing.add(f"{name} {setting}", value)


def settings_of(merged: str) -> dict[str, str]:
    """Section and key -> value: the last file that says something counts."""
    found = {}
    section = ""
    for line in merged.splitlines():
        if heading := re.fullmatch(r"\[(\w+)\]", line.strip()):
            section = heading[1]
        elif "=" in line and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            found[f"{section}: {key.strip()}"] = value.strip()
    return found
