"""Reads sudo's rules as sudo itself lists them for each account, its defaults, and how long its record is kept."""

from __future__ import annotations

import fnmatch
import pwd
import re
from collections.abc import Iterator, Sequence

from amanat_host.state.found import Found, add_lines, answer, ownership

SUDO = "/usr/bin/sudo"
SUDOERS = "/etc/sudoers"
FIRST = "root"  # the defaults that it has, all have
RECORD = "/var/log/sudo-io"
AGE = 5  # the field of tmpfiles.d(5)
TAGS = r"(?:(?:[A-Z_]+: )*)"
LISTS = ("env_keep", "env_check", "env_delete")  # settings that are added to


def read(found: Found) -> None:
    """Rules and defaults of each account, rules for whom no account is, and the record."""
    accounts = sorted({user.pw_name for user in pwd.getpwall()})
    listings = {account: answer(SUDO, "-n", "-l", "-U", account) for account in accounts}
    common = defaults(listings.get(FIRST, ""))
    for one in common:
        found.add(f"sudo default {one}", "yes", SUDOERS)
    for account, listing in listings.items():
        if "is not allowed to run sudo on" not in listing:
            rights(found, account, listing, common)
    for line in lines_for_nobody(accounts):
        found.add(f"sudoers: {line}", "yes", SUDOERS)
    add_lines(found, "sudo.conf", "/etc/sudo.conf")
    record(found)


def rights(found: Found, account: str, listing: str, common: Sequence[str]) -> None:
    """What an account may run, and its defaults where they aren't the common ones."""
    if "may run the following commands" not in listing:
        found.add(f"sudo for {account}", "no answer")
    theirs = defaults(listing)
    for one in sorted({*theirs} ^ {*common}):
        found.add(f"sudo default for {account}: {one}", "yes" if one in theirs else "absent", SUDOERS)
    for runas, tags, command in rules(listing):
        found.add(
            f"sudo {account} as {runas}: {command}", tags.replace(":", "") or "with a password", SUDOERS
        )


def defaults(listing: str) -> list[str]:
    """The defaults of a listing as they end up: of settings that stand twice, the last one."""
    lines = listing.splitlines()
    last: dict[str, str] = {}
    for number, line in enumerate(lines[:-1]):
        if line.startswith("Matching Defaults entries for "):
            for one in split(lines[number + 1].strip()):
                name = re.split(r"[+-]?=", one.lstrip("!"), maxsplit=1)[0]
                last[one if name in LISTS else name] = one
        if line.startswith("Runas and Command-specific defaults for "):
            for one in lines[number + 1 :]:
                if not one.startswith("    "):
                    break
                last[one.strip()] = one.strip()
    return sorted(last.values())


def rules(listing: str) -> Iterator[tuple[str, str, str]]:
    """As whom, with which tags, which command, of a listing."""
    for line in listing.splitlines():
        match = re.fullmatch(rf"    \((.*?)\) ({TAGS})(.*)", line)
        if match:
            runas, tags, commands = match.groups()
            for command in split(commands):
                own = re.fullmatch(rf"({TAGS})(.*)", command)
                if own:
                    tags = own[1] or tags
                    yield runas, tags.strip(), own[2]


def split(text: str) -> list[str]:
    """The parts of a list of sudo's, which escapes its commas with a backslash and quotes some values."""
    parts = re.findall(r'(?:"(?:[^"\\]|\\.)*"|\\.|[^,"\\]|"(?!.*"))+', text)
    return [part.strip() for part in parts if part.strip()]


def lines_for_nobody(accounts: Sequence[str]) -> Iterator[str]:
    """Lines of sudoers whose subject is no account that is there: groups, numbers, aliases, names to come."""
    joined = re.sub(r"\s*\\\n\s*", " ", answer("/usr/bin/cvtsudoers", "-f", "sudoers", SUDOERS))
    for line in joined.splitlines():
        subject = line.split(" ", 1)[0]
        if line and not subject.startswith("Defaults") and subject not in accounts:
            yield line


def record(found: Found) -> None:
    """Where root's sessions are recorded, who may read it, and after how many days it is removed."""
    try:
        found.add("sudo record", f"{RECORD} {ownership(RECORD)}", RECORD)
    except OSError:
        found.add("sudo record", "missing")
    for line in answer("/usr/bin/systemd-tmpfiles", "--cat-config").splitlines():
        words = line.split()
        if len(words) > 1 and not line.startswith("#") and removes(words) and covers(words[1]):
            found.add(f"sudo record is cleared by: {' '.join(words)}", "yes")


def removes(words: Sequence[str]) -> bool:
    """Whether a line of tmpfiles.d(5) removes anything: by its type, or by an age."""
    return words[0][0] in "rRD" or len(words) > AGE and words[AGE] != "-"


def covers(path: str) -> bool:
    """Whether a line of tmpfiles.d(5) for a path or pattern reaches the record."""
    above = [RECORD, *(RECORD[:end] for end in range(2, len(RECORD)) if RECORD[end] == "/")]
    return path.startswith(RECORD) or any(fnmatch.fnmatchcase(one, path.rstrip("/") or "/") for one in above)
