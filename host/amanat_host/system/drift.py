"""What runs otherwise than it is written, and which handler of the role puts it right."""

from __future__ import annotations

import difflib
import glob
import json
import os
import re
import stat
from pathlib import Path

from amanat_host.accounts import account_name, group_name
from amanat_host.answers.system import Drift, Drifts, StrayFile
from amanat_host.system.state import (
    kernel_settings,
    output,
    password_kind,
    privileged_files,
    text,
    units,
    wanted,
)

MODES = Path("/etc/tmpfiles.d/amanat-modes.conf")
PEERS = Path("/etc/amanat/hosts")
TRUSTED = Path("/usr/local/share/ca-certificates/amanat.crt")
PAM = {
    "auth": ("pam_faillock.so preauth", "pam_faillock.so authfail"),
    "account": ("pam_faillock.so", "pam_unix.so no_pass_expiry"),
    "password": ("pam_pwquality.so",),
    "session": ("pam_umask.so umask=0027",),
    "session-noninteractive": ("pam_umask.so umask=0027",),
}


def firewall_drift() -> list[Drift]:
    """The loaded table against the file's own, loaded in a network of its own and thrown away."""
    show = "/usr/sbin/nft --stateless --terse list table inet amanat"
    loaded = output("/bin/sh", "-c", f"{show} 2>/dev/null")
    load = f"/usr/sbin/nft --file /etc/nftables.conf && {show}"
    written = output("/usr/bin/unshare", "--net", "/bin/sh", "-c", load)
    if loaded == written:
        return []
    if not loaded:
        return [Drift("Load the firewall", "the firewall is not loaded")]
    lines = list(difflib.unified_diff(written.splitlines(), loaded.splitlines(), lineterm="", n=0))[2:]
    return [Drift("Load the firewall", "the loaded firewall differs: " + "; ".join(lines[:8]))]


def unit_drift() -> list[Drift]:
    """Units that should run and don't, and services older than their settings."""
    barred = wanted().named(masked=True)
    drift: list[Drift] = []
    if open_doors := sorted({*filter(unmasked, barred), *running(barred)}):
        drift.append(Drift("Apply the states of units", f"to be barred: {', '.join(open_doors)}"))
    state = units()
    for name in wanted().named(masked=False):
        now = state.get(name, {})
        right = now.get("ActiveState") == "active" and now.get("UnitFileState") in (
            "enabled",
            "static",
            "alias",
        )
        if not right or now.get("NeedDaemonReload") == "yes":
            seen = [now.get(key) for key in ("ActiveState", "UnitFileState")]
            why = f"{name} is {seen[0]}, {seen[1]}, to be read anew: {now.get('NeedDaemonReload')}"
            drift.append(Drift("Apply the states of units", why))
    handlers = {"ssh.service": "Reload sshd", "systemd-journald.service": "Restart the journal"}
    for service, files in wanted().newer_than_service.items():
        since = float(state.get(service, {}).get("StateChangeTimestamp", "@0").lstrip("@") or 0)
        newer = [path for path in files if os.path.exists(path) and os.stat(path).st_ctime >= since + 1]
        if newer:
            drift.append(Drift(handlers[service], f"{service} has not read {', '.join(newer)}"))
    return drift


def unmasked(name: str) -> bool:
    """Whether a unit may start: nothing in the administrator's directory bars it."""
    return os.path.realpath(f"/etc/systemd/system/{name}") != "/dev/null"


def running(names: list[str]) -> list[str]:
    """Those units that are active; of a template, its instances."""
    patterns = [name.replace("@.", "@*.") for name in names]
    shown = output(
        "/usr/bin/systemctl", "list-units", "--plain", "--no-legend", "--state=active,activating", *patterns
    )
    return [line.split()[0] for line in shown.splitlines() if line.strip()]


def file_drift() -> list[Drift]:
    """What other programs make of our files: names, trust store, PAM stacks, time zone, root's password."""
    checks = (
        (
            "Write the peers into /etc/hosts",
            text(PEERS) in text("/etc/hosts"),
            "/etc/hosts lacks the stack's hosts",
        ),
        ("Renew the trusted authorities", trusted(), "the trust store lacks a trusted authority"),
        ("Configure PAM", pam_settled(), "PAM's common stacks miss our modules or accept empty passwords"),
        (
            "Set the time zone",
            os.path.realpath("/etc/localtime").endswith(("/UTC", "/Etc/UTC")),
            "not on UTC",
        ),
        ("Hide processes from other accounts", processes_hidden(), "every account sees all processes"),
        ("Lock root's password", not root_has_password(), "root has a password"),
    )
    return [Drift(handler, why) for handler, right, why in checks if not right]


def trusted() -> bool:
    """Whether each authority we were given is in the bundle that programs read."""
    bundle = text("/etc/ssl/certs/ca-certificates.crt")
    given = re.findall(r"-----BEGIN C.+?-----END CERTIFICATE-----", text(TRUSTED), re.S)
    return bool(bundle) and all(pem in bundle for pem in given)


def processes_hidden() -> bool:
    """Whether /proc shows an account its own processes alone."""
    mounts = [line.split() for line in text("/proc/self/mounts").splitlines()]
    options = [fields[3].split(",") for fields in mounts if fields[1] == "/proc"]
    return bool(options) and bool({"hidepid=invisible", "hidepid=2"} & set(options[-1]))


def pam_settled() -> bool:
    """Whether the stacks that every service includes hold the account policy."""

    def words(name: str) -> str:
        return re.sub(r"[ \t]+", " ", text(f"/etc/pam.d/common-{name}"))

    held = all(module in words(name) for name, modules in PAM.items() for module in modules)
    return held and "nullok" not in words("auth")


def root_has_password() -> bool:
    """Whether root could log in with a password (or with an empty one)."""
    root = re.search(r"^root:([^:]*):", text("/etc/shadow"), re.M)
    return root is not None and password_kind(root.group(1)) != "locked"


def setuid_drift() -> list[Drift]:
    """Files that run with another's rights and are not on the list."""
    stray = [path for path in privileged_files() if path not in wanted().setuid_allowed]
    if not stray:
        return []
    files = [StrayFile(path, override(path)) for path in stray]
    why = "set-user-ID or set-group-ID: " + ", ".join(stray)
    return [Drift("Remove set-user-ID bits", why, files)]


def mode_drift() -> list[Drift]:
    """Files and directories whose owner or mode is not the one that tmpfiles.d sets at boot."""
    wide = []
    for line in text(MODES).splitlines():
        fields = line.split()
        if not fields or fields[0] != "z":
            continue
        _, pattern, mode, user, group = fields
        for path in glob.glob(pattern):
            facts = os.lstat(path)
            if stat.S_ISLNK(facts.st_mode):
                continue
            seen = (
                stat.S_IMODE(facts.st_mode),
                account_name(facts.st_uid),
                group_name(facts.st_gid),
            )
            right = (int(mode, 8), seen[1] if user == "-" else user, seen[2] if group == "-" else group)
            if seen != right:
                wide.append(f"{path} is {seen[0]:04o} {seen[1]}:{seen[2]}")
    return [Drift("Close what packages leave open", "; ".join(wide[:8]))] if wide else []


def override(path: str) -> list[str]:
    """Owner, group, mode without the bits, and path, as dpkg-statoverride takes them."""
    facts = os.lstat(path)
    return [f"#{facts.st_uid}", f"#{facts.st_gid}", f"{stat.S_IMODE(facts.st_mode) & 0o777:04o}", path]


def drift() -> Drifts:
    """Everything that runs otherwise than it is written."""
    settings = kernel_settings()
    missed = [name for name, setting in settings.items() if setting.settable and not setting.met]
    kernel = [Drift("Apply the kernel settings", ", ".join(missed))] if missed else []
    unsettable = {name: setting.actual for name, setting in settings.items() if not setting.settable}
    found = firewall_drift() + unit_drift() + file_drift() + mode_drift() + setuid_drift() + kernel
    recorded = json.loads(text("/etc/amanat/facts.d/sysctl.json") or "null") == unsettable
    return Drifts(found, unsettable, recorded)
