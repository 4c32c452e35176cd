"""Reads accounts and groups: what the files say, and what the name service says beside them."""

from __future__ import annotations

import grp
import pwd
import re

from amanat_host.state.found import Found, paths
from amanat_host.system.state import password_kind, text

FIXED_BELOW = 100  # Debian policy 9.2.2: allocated for the whole project
SYSTEM_BELOW = 1000
NOBODY = 65534
NO_PASSWORD = ("!", "*", "!*", "!!", "*LK*")  # what useradd, passwd and installers write where there is none
PASSWD_FIELDS, GROUP_FIELDS, SHADOW_FIELDS, SUBID_FIELDS = 7, 4, 9, 3
NAME = re.compile(r"[+-]?[A-Za-z_][\w.-]{0,31}\$?")
SUBID_MIN = 100_000  # login.defs(5), SUB_UID_MIN


def read(found: Found) -> None:
    """Accounts, groups, each membership, ranges of subordinate ids, and what the sources differ in."""
    accounts(found)
    groups(found)
    strangers(found)
    subordinate_ids(found)


def number_kind(number: str, word: str) -> str:
    """A uid or gid: itself where Debian fixes it, else the range that it was given from, in words."""
    if not number.isdigit():
        return f"{word} {number}"
    value = int(number)
    if value < FIXED_BELOW or value == NOBODY:
        return f"{word} {value}"
    if value < SYSTEM_BELOW:
        return f"system {word}"
    return f"{word} of a person" if value < NOBODY else f"{word} {value}"


def secret_kind(field: str) -> str:
    """What kind of password a field holds, without saying it; a locked one may be unlocked again."""
    if field in NO_PASSWORD:
        return "none"
    kind = password_kind(field)
    return f"locked {password_kind(field.lstrip('!*'))}" if kind == "locked" else kind


def rows(path: str, fields: int, found: Found) -> list[list[str]]:
    """A file's rows; one that has another form is an item by itself, without what may be a password."""
    good = []
    for line in text(path).splitlines():
        row = line.split(":")
        if len(row) != fields or not row[0] or row[0][0] in "+-":
            name = row[0] if NAME.fullmatch(row[0]) else "no name"  # it may be a hash that slipped
            found.add(f"odd row of {path}: {name}", f"{len(row)} fields", path)
        else:
            good.append(row)
    return good


def accounts(found: Found) -> None:
    """Each account of /etc/passwd with what /etc/shadow has of it."""
    shadow: dict[str, list[str]] = {}
    for row in rows("/etc/shadow", SHADOW_FIELDS, found):
        if row[0] in shadow:
            found.add(
                f"second row of {row[0]} in /etc/shadow", f"password {secret_kind(row[1])}", "/etc/shadow"
            )
        shadow.setdefault(row[0], row)
    names: dict[str, str] = {}
    by_number: dict[str, list[str]] = {}
    for row in rows("/etc/passwd", PASSWD_FIELDS, found):
        name, password, uid, gid, _, home, shell = row
        group = group_of(gid)
        value = f"{number_kind(uid, 'uid')}, group {group}, home {home}, shell {shell}"
        value += f", {password_age(shadow[name]) if name in shadow else 'not in /etc/shadow'}"
        if password != "x":  # noqa: S105 - not a password: it is elsewhere
            value += f", password {secret_kind(password)} in /etc/passwd"
        found.add(f"account {name}", value, "/etc/passwd")
        names[name] = uid
        by_number.setdefault(uid, []).append(name)
    for uid, several in by_number.items():
        if len(several) > 1:
            found.add(f"uid {uid} of several accounts", " ".join(several), "/etc/passwd")
    for name in shadow.keys() - names.keys():
        found.add(f"in /etc/shadow alone: {name}", f"password {secret_kind(shadow[name][1])}", "/etc/shadow")


def password_age(row: list[str]) -> str:
    """A row of /etc/shadow in words (shadow(5)); the day of the last change is left out."""
    _, password, last, least, most, warn, inactive, expires, _ = row
    words = [f"password {secret_kind(password)}"]
    words += ["to be changed at once"] if last == "0" else []
    words += [f"{least or 0} to {most or 'any'} days"]
    words += [f"warned {warn} days"] if warn else []
    words += [f"closed {inactive} days after"] if inactive else []
    words += [f"expires on day {expires}"] if expires else []
    return ", ".join(words)


def group_of(gid: str) -> str:
    """The name of an account's own group; its number where no group has it."""
    for row in text("/etc/group").splitlines():
        fields = row.split(":")
        if len(fields) == GROUP_FIELDS and fields[2] == gid:
            return fields[0]
    return gid


def groups(found: Found) -> None:
    """Each group, each member as an item of its own, and passwords and administrators of groups."""
    by_number: dict[str, list[str]] = {}
    for name, password, gid, members in rows("/etc/group", GROUP_FIELDS, found):
        has = "" if password in ("x", "*", "!") else f", password {secret_kind(password)} in /etc/group"
        found.add(f"group {name}", number_kind(gid, "gid") + has, "/etc/group")
        by_number.setdefault(gid, []).append(name)
        for member in filter(None, members.split(",")):
            found.add(f"group {name} member {member}", "yes", "/etc/group")
    for gid, several in by_number.items():
        if len(several) > 1:
            found.add(f"gid {gid} of several groups", " ".join(several), "/etc/group")
    for name, password, administrators, members in rows("/etc/gshadow", GROUP_FIELDS, found):
        if password not in ("", *NO_PASSWORD):  # an empty one lets nobody in: newgrp(1) asks members for none
            found.add(f"group {name} password", secret_kind(password), "/etc/gshadow")
        for one in filter(None, administrators.split(",")):
            found.add(f"group {name} administrator {one}", "yes", "/etc/gshadow")
        for one in filter(None, members.split(",")):
            if f"group {name} member {one}" not in found.items:
                found.add(f"group {name} member {one} in /etc/gshadow alone", "yes", "/etc/gshadow")


def strangers(found: Found) -> None:
    """Accounts and groups that the name service gives and the files don't have, or have otherwise."""
    ours = {tuple(line.split(":")[i] for i in (0, 2, 3)) for line in full_rows("/etc/passwd", PASSWD_FIELDS)}
    for user in pwd.getpwall():
        if (user.pw_name, str(user.pw_uid), str(user.pw_gid)) not in ours:
            found.add(f"account from elsewhere {user.pw_name}", f"uid {user.pw_uid}, shell {user.pw_shell}")
    known = {tuple(line.split(":")[i] for i in (0, 2)) for line in full_rows("/etc/group", GROUP_FIELDS)}
    for group in grp.getgrall():
        if (group.gr_name, str(group.gr_gid)) not in known:
            found.add(f"group from elsewhere {group.gr_name}", f"gid {group.gr_gid}")
    for path in paths("/etc/userdb/*", "/run/userdb/*", "/run/host/userdb/*", "/usr/lib/userdb/*"):
        found.add(f"account record {path}", "there", path)  # nss-systemd(8)


def full_rows(path: str, fields: int) -> list[str]:
    """The rows of a file that have the right form."""
    return [line for line in text(path).splitlines() if line.count(":") == fields - 1]


def subordinate_ids(found: Found) -> None:
    """Ranges of ids that an account may take in a namespace of its own; they must be nobody's else."""
    for path, word in (("/etc/subuid", "subuid"), ("/etc/subgid", "subgid")):
        taken: list[tuple[int, int, str]] = []
        for name, first, count in rows(path, SUBID_FIELDS, found):
            if not (first.isdigit() and count.isdigit()):
                found.add(f"{word} of {name}", f"from {first}, {count} ids", path)
                continue
            start, end = int(first), int(first) + int(count)
            shared = [other for low, high, other in taken if start < high and low < end]
            where = f"from {first}" if start < SUBID_MIN else "above all accounts"
            also = f", shared with {', '.join(shared)}" if shared else ""
            found.add(f"{word} of {name}", f"{count} ids {where}{also}", path)
            taken.append((start, end, name))
