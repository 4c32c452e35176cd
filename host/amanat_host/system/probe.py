"""Read the host's effective state and print it as one JSON object. Changes nothing, takes no file names.

accounts   who can log in, what kind of password each has, who can become root (never a hash)
drift      what runs otherwise than it is written, and which handler of the role puts it right
files      directories of the system that are not root's, files that others may write, logs that others may read
passwords  how short a password may be, and after how many wrong ones an account locks, as PAM's modules have it
setuid     files with a set-user-ID or set-group-ID bit, and their packages
sudo       what the auditor may do, and how much of root's sessions is on record
sysctl     kernel settings: wanted, actual, and whether this host may set them
updates    timers, last runs, and security updates that wait
"""

from __future__ import annotations

import grp
import hashlib
import os
import pwd
import re
import stat
from pathlib import Path

from amanat_host.answers import system as answers
from amanat_host.entry import probe
from amanat_host.system import passwords
from amanat_host.system.drift import drift
from amanat_host.system.outdated import outdated
from amanat_host.system.state import (
    honoured_places,
    kernel_settings,
    output,
    password_kind,
    privileged_files,
    text,
    units,
)
from amanat_host.system.updates import Notes, waiting
from amanat_host.times import utc

SYSTEM = ("/boot", "/etc", "/opt", "/usr")
TIMERS = ("apt-daily.timer", "apt-daily-upgrade.timer")
SHADOW_DAYS = ("min_days", "max_days", "warn_days")  # shadow(5): fields 4 to 6
NOBODYS_GROUP = "nogroup"
NO_LOGIN = ("/usr/sbin/nologin", "/bin/false", "/usr/bin/false", "/bin/sync")


def accounts() -> answers.Accounts:
    """Accounts with the facts of /etc/shadow that an audit needs."""
    shadow = {line.split(":")[0]: line.split(":") for line in text("/etc/shadow").splitlines()}
    listed = []
    for user in pwd.getpwall():
        fields = shadow.get(user.pw_name, [""] * 9)
        days = {
            name: int(value) if value else None for name, value in zip(SHADOW_DAYS, fields[3:6], strict=True)
        }
        keys = text(f"/etc/ssh/authorized_keys.d/{user.pw_name}").splitlines()
        listed.append(
            answers.Account(
                name=user.pw_name,
                login_shell=user.pw_shell not in NO_LOGIN,
                password=password_kind(fields[1]),
                keys=[
                    hashlib.sha256(key.strip().encode()).hexdigest()
                    for key in keys
                    if key.strip() and not key.startswith("#")
                ],
                groups=groups_of(user),
                **days,
            )
        )
    return answers.Accounts(listed, [user.pw_name for user in pwd.getpwall() if user.pw_uid == 0])


def groups_of(user: pwd.struct_passwd) -> list[str]:
    """The groups that an account is in, its first one included, but for its own and nobody's."""
    found = {
        group.gr_name
        for group in grp.getgrall()
        if user.pw_name in group.gr_mem or group.gr_gid == user.pw_gid
    }
    return sorted(found - {user.pw_name, NOBODYS_GROUP})


def setuid() -> answers.PrivilegedFiles:
    """Files that run with another's rights, and whose they are."""
    files = []
    for path in privileged_files():
        facts = os.lstat(path)
        owners = output("/usr/bin/dpkg", "--search", path)
        files.append(
            answers.PrivilegedFile(
                path=path,
                mode=f"{stat.S_IMODE(facts.st_mode):04o}",
                owner=pwd.getpwuid(facts.st_uid).pw_name,
                group=grp.getgrgid(facts.st_gid).gr_name,
                package=owners.partition(":")[0] or None,
            )
        )
    return answers.PrivilegedFiles(files)


def files() -> answers.SystemFiles:
    """What belongs to others, may be written by them, or tells them too much, on every disk."""
    places = [place for place in SYSTEM if os.path.isdir(place)]
    closed = ["-type", "d", "!", "-perm", "-0001", "-prune", "-o"]
    open_to_all = ["(", "-type", "f", "-o", "-type", "d", "!", "-perm", "-1000", ")", "-perm", "-0002"]
    open_to_group = ["-type", "f,d", "-perm", "-0020", "!", "-group", "root"]
    return answers.SystemFiles(
        foreign_directories=found(*places, "-type", "d", "!", "-user", "root"),
        writable=sorted({*found(*honoured_places(), "/run", *open_to_all), *found(*places, *open_to_group)}),
        readable_logs=found("/var/log", *closed, "-type", "f", "-perm", "/0004"),
    )


def found(*where: str) -> list[str]:
    """The paths that find(1) finds, without leaving the file systems it starts on."""
    listing = output("/usr/bin/find", *where, "-xdev", "-print0") if where else ""
    return sorted(filter(None, listing.split("\0")))


def updates() -> answers.Updates:
    """How updates come in, when they last did, and what waits."""
    notes = Notes.read()
    targets = output(
        "/usr/bin/apt-get", "indextargets", "--format", "$(ORIGIN)/$(LABEL)", "Created-By: Packages"
    )
    periodic = dict(
        re.findall(r'^APT::Periodic::([\w-]+) "(\d+)"', output("/usr/bin/apt-config", "dump"), re.M)
    )
    state = units()
    timers = {name: state.get(name, {}).get("ActiveState") for name in TIMERS}
    return answers.Updates(
        timers=timers,
        periodic_days=periodic,
        security_source="Debian/Debian-Security" in targets.split("\n"),
        waiting_since={package: notes.since.get(package) for package in waiting()},
        noted_at=notes.noted_at,
        lists_refreshed=when("/var/lib/apt/periodic/update-success-stamp"),
        last_unattended_run=when("/var/lib/apt/periodic/unattended-upgrades-stamp"),
        replaced_since={unit: utc(replaced.first) for unit, replaced in outdated().items()},
    )


def when(path: str) -> str | None:
    """Modification time in UTC."""
    if not os.path.exists(path):
        return None
    return utc(os.stat(path).st_mtime)


def sudo() -> answers.Sudo:
    """The auditor's rights as sudo sees them, what came along with this call, and the record of root's sessions."""
    listing = output("/usr/bin/sudo", "-l", "-U", "auditor")
    sessions = [path for path in Path("/var/log/sudo-io").glob("*/??/??/??") if path.is_dir()]
    return answers.Sudo(
        environment=sorted(os.environ),
        directory=os.getcwd(),
        auditor=re.findall(r"^\s+\((.+?)\) (?:NOPASSWD: )?(.+)$", listing, re.M),
        recorded_sessions=len(sessions),
    )


def sysctl() -> answers.KernelSettings:
    """Every kernel setting that we want, as it is now."""
    return answers.KernelSettings(kernel_settings())


main = probe(
    __doc__,
    {
        "accounts": accounts,
        "drift": drift,
        "files": files,
        "passwords": passwords.rules,
        "setuid": setuid,
        "sudo": sudo,
        "sysctl": sysctl,
        "updates": updates,
    },
)
