#!/usr/bin/python3
"""Read the host's effective state and print it as one JSON object. Changes nothing, takes no file names.

  accounts   who can log in, what kind of password each has, who can become root (never a hash)
  drift      what runs otherwise than it is written, and which handler of the role puts it right
  setuid     files with a set-user-ID or set-group-ID bit, and their packages
  sudo       what the auditor may do, and how much of root's sessions is on record
  sysctl     kernel settings: wanted, actual, and whether this host may set them
  updates    timers, last runs, and security updates that wait
"""

from __future__ import annotations

import difflib
import grp
import json
import os
import pwd
import re
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

WANTED = json.loads(Path("/etc/amanat/base.json").read_text(encoding="utf-8"))
KERNEL_SETTINGS = Path("/etc/sysctl.d/60-amanat.conf")
PEERS = Path("/etc/amanat/hosts")
TRUSTED = Path("/usr/local/share/ca-certificates/amanat.crt")
PAM = {
    "auth": ("pam_faillock.so preauth", "pam_faillock.so authfail"),
    "account": ("pam_faillock.so",),
    "password": ("pam_pwquality.so",),
    "session": ("pam_umask.so umask=0027",),
    "session-noninteractive": ("pam_umask.so umask=0027",),
}
NO_LOGIN = ("/usr/sbin/nologin", "/bin/false", "/usr/bin/false", "/bin/sync")

Finding = dict[str, Any]


def output(*command: str) -> str:
    """Standard output of a command; its failure is part of the answer, not the end of it."""
    run = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    return run.stdout


def text(path: str | Path) -> str:
    """A file's content; empty where it can't be read."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def password_kind(field: str) -> str:
    """What a shadow field says about its password, without saying the password's hash."""
    if not field:
        return "empty"
    if field.startswith(("!", "*")):
        return "locked"
    return {"$y$": "yescrypt", "$6$": "sha512", "$5$": "sha256", "$1$": "md5"}.get(field[:3], "other")


def accounts() -> Finding:
    """Accounts with the facts of /etc/shadow that an audit needs."""
    shadow = {line.split(":")[0]: line.split(":") for line in text("/etc/shadow").splitlines()}
    listed = []
    for user in pwd.getpwall():
        fields = shadow.get(user.pw_name, [""] * 9)
        days = {name: int(value) if value else None for name, value in zip(
            ("last_change", "min_days", "max_days", "warn_days", "inactive_days", "expires"), fields[2:8], strict=True
        )}
        keys = text(f"/etc/ssh/authorized_keys.d/{user.pw_name}").splitlines()
        listed.append({
            "name": user.pw_name,
            "uid": user.pw_uid,
            "shell": user.pw_shell,
            "login_shell": user.pw_shell not in NO_LOGIN,
            "password": password_kind(fields[1]),
            "keys": len([key for key in keys if key.strip() and not key.startswith("#")]),
            "groups": sorted(group.gr_name for group in grp.getgrall() if user.pw_name in group.gr_mem),
            **days,
        })
    return {"accounts": listed, "uid_zero": [user["name"] for user in listed if user["uid"] == 0]}


def setuid() -> Finding:
    """Files that run with another's rights, on the root file system and the file systems mounted below /."""
    found = output("/usr/bin/find", "/", "-xdev", "-type", "f", "-perm", "/6000", "-print0").split("\0")
    files = []
    for path in sorted(filter(None, found)):
        facts = os.lstat(path)
        owners = output("/usr/bin/dpkg", "--search", path)
        files.append({
            "path": path,
            "mode": f"{stat.S_IMODE(facts.st_mode):04o}",
            "owner": pwd.getpwuid(facts.st_uid).pw_name,
            "group": grp.getgrgid(facts.st_gid).gr_name,
            "package": owners.partition(":")[0] or None,
            "allowed": path in WANTED["setuid_allowed"],
        })
    return {"files": files}


def sysctl() -> Finding:
    """Every kernel setting that we want, as it is now."""
    settings = {}
    for line in text(KERNEL_SETTINGS).splitlines():
        if match := re.match(r"-?([a-z][\w.]*)\s*=\s*(\S+)", line):
            name, wanted = match.groups()
            path = "/proc/sys/" + name.replace(".", "/")
            actual = text(path).strip() or None
            settings[name] = {"wanted": wanted, "actual": actual, "settable": writable(path), "met": actual == wanted}
    return {"settings": settings}


def writable(path: str) -> bool:
    """Whether root may set this value here: the file exists and its mount is writable."""
    return os.path.exists(path) and not os.statvfs(path).f_flag & os.ST_RDONLY


def units() -> dict[str, dict[str, str]]:
    """State of the units that should run, and of the services that must know their newest settings."""
    names = [unit["name"] for unit in WANTED["units"]] + list(WANTED["newer_than_service"])
    wanted = "Id,ActiveState,UnitFileState,NeedDaemonReload,StateChangeTimestamp"
    shown = output("/usr/bin/systemctl", "show", f"--property={wanted}", "--timestamp=unix", *sorted(set(names)))
    blocks = [dict(line.split("=", 1) for line in block.splitlines()) for block in shown.strip().split("\n\n")]
    return {block["Id"]: block for block in blocks if "Id" in block}


def updates() -> Finding:
    """How updates come in, when they last did, and what waits."""
    waiting = re.findall(r"^Inst (\S+) .*Debian-Security", output("/usr/bin/apt-get", "--simulate", "upgrade"), re.M)
    stamps = {
        "lists_refreshed": "/var/lib/apt/periodic/update-success-stamp",
        "last_unattended_run": "/var/lib/apt/periodic/unattended-upgrades-stamp",
    }
    targets = output("/usr/bin/apt-get", "indextargets", "--format", "$(ORIGIN)/$(LABEL)", "Created-By: Packages")
    at = {name: when(path) for name, path in stamps.items()}
    periodic = dict(re.findall(r'^APT::Periodic::([\w-]+) "(\d+)"', output("/usr/bin/apt-config", "dump"), re.M))
    timers = {name: units().get(name, {}).get("ActiveState") for name in ("apt-daily.timer", "apt-daily-upgrade.timer")}
    return {
        "timers": timers,
        "periodic_days": periodic,
        "security_source": "Debian/Debian-Security" in targets.split("\n"),
        "security_updates_waiting": waiting,
        **at,
    }


def when(path: str) -> str | None:
    """Modification time in UTC."""
    if not os.path.exists(path):
        return None
    return datetime.fromtimestamp(os.stat(path).st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sudo() -> Finding:
    """The auditor's rights as sudo sees them, and the record of root's sessions."""
    listing = output("/usr/bin/sudo", "-l", "-U", "auditor")
    sessions = [path for path in Path("/var/log/sudo-io").glob("*/??/??/??") if path.is_dir()]
    return {
        "auditor": re.findall(r"^\s+\((.+?)\) (?:NOPASSWD: )?(.+)$", listing, re.M),
        "recorded_sessions": len(sessions),
        "last_recorded": max(map(when, map(str, sessions)), default=None, key=str),
    }


def firewall_drift() -> list[Finding]:
    """The loaded table against the file's own, loaded in a network of its own and thrown away."""
    show = "/usr/sbin/nft --stateless --terse list table inet amanat"
    loaded = output("/bin/sh", "-c", f"{show} 2>/dev/null")
    written = output("/usr/bin/unshare", "--net", "/bin/sh", "-c", f"/usr/sbin/nft --file /etc/nftables.conf && {show}")
    if loaded == written:
        return []
    lines = [line for line in difflib.unified_diff(written.splitlines(), loaded.splitlines(), lineterm="", n=0)][2:]
    why = "the firewall is not loaded" if not loaded else "the loaded firewall differs: " + "; ".join(lines[:8])
    return [{"handler": "Load the firewall", "why": why}]


def unit_drift() -> list[Finding]:
    """Units that should run and don't, and services older than their settings."""
    state, drift = units(), []
    for unit in WANTED["units"]:
        now = state.get(unit["name"], {})
        right = (
            now.get("UnitFileState") == "masked"
            if unit["state"] == "masked"
            else now.get("ActiveState") == "active" and now.get("UnitFileState") in ("enabled", "static", "alias")
        )
        if not right or now.get("NeedDaemonReload") == "yes":
            seen = f"{now.get('ActiveState')}, {now.get('UnitFileState')}, reload needed: {now.get('NeedDaemonReload')}"
            drift.append({"handler": "Settle the units", "why": f"{unit['name']} is {seen}"})
    handlers = {"ssh.service": "Reload sshd", "systemd-journald.service": "Restart the journal"}
    for service, files in WANTED["newer_than_service"].items():
        since = float(state.get(service, {}).get("StateChangeTimestamp", "@0").lstrip("@") or 0)
        newer = [path for path in files if os.path.exists(path) and os.stat(path).st_ctime >= since + 1]
        if newer:
            drift.append({"handler": handlers[service], "why": f"{service} has not read {', '.join(newer)}"})
    return drift


def file_drift() -> list[Finding]:
    """State that other programs make of our files: name table, trust store, PAM stacks, time zone, root's password."""
    checks = (
        ("Write the peers into /etc/hosts", text(PEERS) in text("/etc/hosts"), "/etc/hosts lacks the stack's hosts"),
        ("Renew the trusted authorities", trusted(), "the trust store lacks a trusted authority"),
        ("Settle PAM", pam_settled(), "PAM's common stacks miss our modules or accept empty passwords"),
        ("Set the time zone", os.path.realpath("/etc/localtime").endswith(("/UTC", "/Etc/UTC")), "not on UTC"),
        ("Lock root's password", not root_has_password(), "root has a password"),
    )
    return [{"handler": handler, "why": why} for handler, right, why in checks if not right]


def trusted() -> bool:
    """Whether each authority we were given is in the bundle that programs read."""
    bundle = text("/etc/ssl/certs/ca-certificates.crt")
    return bool(bundle) and all(pem in bundle for pem in re.findall(r"-----BEGIN C.+?-----END CERTIFICATE-----", text(TRUSTED), re.S))


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


def setuid_drift() -> list[Finding]:
    """Files that run with another's rights and are not on the list."""
    found = output("/usr/bin/find", "/", "-xdev", "-type", "f", "-perm", "/6000", "-print0").split("\0")
    stray = [path for path in sorted(filter(None, found)) if path not in WANTED["setuid_allowed"]]
    if not stray:
        return []
    files = [{"path": path, "override": override(path)} for path in stray]
    why = "set-user-ID or set-group-ID: " + ", ".join(stray)
    return [{"handler": "Take away set-user-ID bits", "why": why, "files": files}]


def override(path: str) -> list[str]:
    """Owner, group, mode without the bits, and path, as dpkg-statoverride takes them."""
    facts = os.lstat(path)
    return [f"#{facts.st_uid}", f"#{facts.st_gid}", f"{stat.S_IMODE(facts.st_mode) & 0o777:04o}", path]


def drift() -> Finding:
    """Everything that runs otherwise than it is written."""
    settings = sysctl()["settings"]
    missed = [name for name, setting in settings.items() if setting["settable"] and not setting["met"]]
    kernel = [{"handler": "Apply the kernel settings", "why": ", ".join(missed)}] if missed else []
    unsettable = {name: setting["actual"] for name, setting in settings.items() if not setting["settable"]}
    found = firewall_drift() + unit_drift() + file_drift() + setuid_drift() + kernel
    recorded = json.loads(text("/etc/amanat/facts.d/sysctl.json") or "null") == unsettable
    return {"drift": found, "unsettable": unsettable, "recorded": recorded}


PROBES = {probe.__name__: probe for probe in (accounts, drift, setuid, sudo, sysctl, updates)}


def main(arguments: list[str]) -> int:
    """Entry point."""
    if len(arguments) != 1 or arguments[0] not in PROBES:
        sys.exit((__doc__ or "").rstrip())
    read_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    sys.stdout.write(json.dumps({"probe": arguments[0], "read_at": read_at, **PROBES[arguments[0]]()}, sort_keys=True))
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
