"""Reads what sshd would do for each account, and which sshd runs."""

from __future__ import annotations

import glob
import os
import pwd
import re
from collections.abc import Iterator, Sequence

from amanat_host.accounts import account_name
from amanat_host.state.found import Found, answer, effective_lines, whole_answer
from amanat_host.state.syntax import shell_words, systemctl_time
from amanat_host.system.state import text

SSHD = "/usr/sbin/sshd"
CONFIGURATION = "/etc/ssh/sshd_config"
ELSEWHERE = "192.0.2.77"  # RFC 5737: an address of nobody
STRANGER = "nobody-here"
# Settings that may stand more than once: each value is an item.
SEVERAL = {
    *(
        "acceptenv",
        "allowgroups",
        "allowusers",
        "authorizedkeysfile",
        "denygroups",
        "denyusers",
        "hostcertificate",
    ),
    *("hostkey", "listenaddress", "permitlisten", "permitopen", "port", "setenv", "subsystem"),
}
DEEPEST = 16  # sshd_config(5): Include may nest


def read(found: Found, own_address: str, callers: Sequence[str]) -> list[str]:
    """sshd's settings in common, what differs for an account, `Match` blocks, and the daemons that run.

    `callers`: addresses that accounts come from. Returns the lines of `sshd -T` for an account that isn't there.
    """
    files = configuration_files(CONFIGURATION)
    blocks = [line for path in files for line in match_blocks(path)]
    for block in blocks:
        found.add(f"sshd block: {block}", "in its configuration", CONFIGURATION)
    common = settings(STRANGER, ELSEWHERE, own_address)
    if not common:
        found.add("sshd: its configuration", "refused: " + whole_answer(SSHD, "-T")[:200].strip())
    for item, value in named(common, own_address).items():
        found.add(f"sshd: {item}", value, CONFIGURATION)
    # Without a block all accounts are treated alike: a few are asked for all the same.
    accounts = [user.pw_name for user in pwd.getpwall()] if blocks else ["root", "deploy", "auditor"]
    for account in [*accounts, STRANGER]:
        for place, address in (("", ELSEWHERE), *((" from a caller", one) for one in callers)):
            for item, value in different(common, settings(account, address, own_address), own_address):
                if f"sshd for {account}{place}: {item}" not in found.items:
                    found.add(f"sshd for {account}{place}: {item}", value, CONFIGURATION)
    daemons(found, files)
    return common


def settings(account: str, address: str, own_address: str) -> list[str]:
    """The lines of `sshd -T` for an account that comes from an address."""
    return answer(
        SSHD, "-T", "-C", f"user={account},host={address},addr={address},laddr={own_address},lport=22"
    ).splitlines()


def named(lines: Sequence[str], own_address: str) -> dict[str, str]:
    """Setting -> value; of settings that may stand several times, setting and value -> yes."""
    found = {}
    for line in lines:
        name, _, value = line.partition(" ")
        if name == "listenaddress":
            value = (
                re.sub(rf"^{re.escape(own_address)}(?=:|$)", "own address", value) if own_address else value
            )
        if name in SEVERAL:
            found[f"{name} {value}"] = "yes"
        else:
            found[name] = value
    return found


def different(common: Sequence[str], lines: Sequence[str], own_address: str) -> Iterator[tuple[str, str]]:
    """What an account's settings have that the common ones haven't, or have otherwise."""
    theirs, ours = named(lines, own_address), named(common, own_address)
    for item in sorted(theirs.keys() | ours.keys()):
        if theirs.get(item) != ours.get(item):
            yield item, theirs.get(item, "absent")


def configuration_files(path: str, depth: int = 0) -> list[str]:
    """A file of sshd's settings and all that it includes; a relative name is one of /etc/ssh."""
    files = [path]
    for line in effective_lines(path) if depth < DEEPEST else []:
        name, *patterns = shell_words(line.replace("=", " ", 1))
        if name.lower() == "include":
            for pattern in patterns:
                for one in sorted(glob.glob(os.path.join("/etc/ssh", pattern))):
                    files += configuration_files(one, depth + 1)
    return files


def match_blocks(path: str) -> Iterator[str]:
    """Each condition of a file's `Match` lines with each setting below it."""
    condition = ""
    for line in effective_lines(path):
        if re.match(r'"?match\b', line, re.IGNORECASE):
            condition = line
            yield condition
        elif condition:
            yield f"{condition}: {line}"


def daemons(found: Found, files: Sequence[str]) -> None:
    """Each sshd that waits for connections, how it was started, and whether it has read its files."""
    shown = answer(
        "/usr/bin/systemctl",
        "show",
        "ssh.service",
        "--timestamp=us+utc",
        "--property=MainPID,StateChangeTimestamp,ExecStart,ExecStartPre,ExecReload,Environment,EnvironmentFiles,"
        "PassEnvironment,User,RootDirectory,RootImage",
    )
    properties = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    for name in ("ExecStartPre", "ExecStart", "ExecReload"):
        found.add(f"ssh.service {name}", " ".join(re.findall(r"argv\[\]=(.*?) ;", properties.get(name, ""))))
    for name in ("Environment", "EnvironmentFiles", "PassEnvironment", "User", "RootDirectory", "RootImage"):
        found.add(f"ssh.service {name}", properties.get(name, ""))
    for pid, title in processes_titled("sshd"):
        words = re.fullmatch(r"sshd: (.*?) \[listener\] .*", title)
        unit = (
            text(f"/proc/{pid}/cgroup").strip().rpartition("/")[2]
            if pid != properties.get("MainPID")
            else "ssh.service"
        )
        found.add(f"sshd runs as: {words[1] if words else title}", f"{program(pid)}, {unit or 'no unit'}")
    since = systemctl_time(properties.get("StateChangeTimestamp", ""))
    late = [path for path in files if os.path.exists(path) and os.stat(path).st_ctime > since]
    found.add("sshd has read its files", f"no: {', '.join(late)} changed later" if late else "yes")


def processes_titled(name: str) -> Iterator[tuple[str, str]]:
    """Process id and title of each process of a name that isn't a session's."""
    for pid in sorted(filter(str.isdigit, os.listdir("/proc")), key=int):
        if text(f"/proc/{pid}/comm").strip() == name:
            yield pid, text(f"/proc/{pid}/cmdline").replace("\0", " ").strip()


def program(pid: str) -> str:
    """The program that a process runs, and whose it is. One whose package was updated is the same."""
    try:
        path = os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")
        return f"{path} of {account_name(os.stat(f'/proc/{pid}').st_uid)}"
    except OSError:
        return "unknown program"
