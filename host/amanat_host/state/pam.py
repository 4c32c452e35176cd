"""Reads how accounts are let in and limited: PAM's stacks, their settings, login.defs, polkit, consoles."""

from __future__ import annotations

import os
import re

from amanat_host.state.found import Found, add_lines, effective_lines, ownership, paths, regular_files

STACKS = ("/etc/pam.d", "/usr/lib/pam.d", "/usr/local/lib/pam.d")
NO_STACK = (".pam-old", ".dpkg-dist", ".dpkg-old", ".dpkg-new", "~")  # copies that packages' tools leave
NAMED_LINES = (
    "/etc/login.defs",
    "/etc/default/useradd",
    "/etc/default/locale",
    "/etc/environment",
    "/etc/adduser.conf",
)
NUMBERED_LINES = ("/etc/doas.conf", "/etc/suauth", "/etc/securetty", "/etc/porttime", "/etc/login.access")
SECURITY = ("/etc/security/*.conf", "/etc/security/*.d/*", "/etc/security/*/*/*.conf")
# What gives or takes ways in by being there.
RULE_FILES = ("/etc/nologin", "/etc/calife.auth", "/etc/super.tab", "/etc/sudo-ldap.conf", "/etc/ldap.conf")
POLKIT = (
    *("/etc/polkit-1/*/*", "/run/polkit-1/*/*", "/usr/local/share/polkit-1/rules.d/*"),
    *("/usr/share/polkit-1/rules.d/*", "/var/lib/polkit-1/*/*/*", "/etc/polkit-1/localauthority/*/*"),
)
CONSOLES = (
    *("autovt@.service", "console-getty.service", "container-getty@.service", "debug-shell.service"),
    *("emergency.service", "getty@.service", "rescue.service", "serial-getty@.service"),
)
PROMPTS = {"agetty", "getty", "fgetty", "mingetty", "mgetty", "login", "sulogin", "kmscon"}


def read(found: Found) -> None:
    """All of it."""
    stacks(found)
    settings(found)
    for path in paths(*RULE_FILES):
        found.add(f"file {path}", ownership(path), path)
    for path in regular_files(*POLKIT):
        found.add(f"polkit rule {path}", ownership(path), path)
    for path in paths("/var/lib/systemd/linger/*"):
        found.add(f"lingers: {os.path.basename(path)}", "yes", path)
    consoles(found)


def settings(found: Found) -> None:
    """The lines of files that PAM's modules and the tools for accounts read."""
    for path in regular_files(*SECURITY):
        add_lines(found, f"security {path.removeprefix('/etc/security/')}", path)
    for path in NAMED_LINES:
        for line in effective_lines(path):
            name, _, value = re.sub(r"[ =]", "\0", line, count=1).partition("\0")
            found.add(f"{path} {name}", value, path)
    for line in effective_lines("/etc/shells"):
        found.add(f"shell {line}", "yes", "/etc/shells")
    for path in NUMBERED_LINES:
        add_lines(found, path, path)


def stacks(found: Found) -> None:
    """Each line of each service's stack by its place: an order of two modules is a rule."""
    for directory in STACKS:
        for path in regular_files(f"{directory}/*"):
            if not path.endswith(NO_STACK):
                name = os.path.basename(path) if directory == STACKS[0] else path
                add_lines(found, f"pam {name}", path)
    if not os.path.isdir(STACKS[0]):
        add_lines(found, "pam.conf", "/etc/pam.conf")


def consoles(found: Found) -> None:
    """Whether a console may ask for a password, and what asks now."""
    for name in CONSOLES:
        found.add(f"console {name}", masked(name))
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
                name = file.read().strip()
        except OSError:
            continue
        if name in PROMPTS:
            found.add(f"a prompt runs: {name}", "yes")


def masked(name: str) -> str:
    """Whether the administrator's directory bars a unit; systemd looks there before all others but its control's."""
    for directory in ("/etc/systemd/system.control", "/run/systemd/system.control", "/etc/systemd/system"):
        path = f"{directory}/{name}"
        if os.path.lexists(path):
            return "masked" if os.path.realpath(path) == "/dev/null" else f"given by {path}"
    return "not masked"
