"""Reads what lets somebody in without a password: authorised keys, certificates, trusted hosts, host keys."""

from __future__ import annotations

import base64
import binascii
import hashlib
import pwd
import re
from collections.abc import Iterable

from amanat_host.state.found import Found, answer, ownership, paths, regular_files
from amanat_host.system.state import text

# authorized_keys files that sshd reads where its settings don't say otherwise, and those of this kit.
KEY_FILES = ("/etc/ssh/authorized_keys.d/*", "/etc/ssh/authorized_keys*", "/etc/ssh/keys/*")
# Files that vouch for hosts or accounts by their being there (sshd(8), hosts.equiv(5), .k5login(5)).
TRUST_FILES = (
    *("/etc/hosts.equiv", "/etc/ssh/shosts.equiv", "/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"),
    *("/etc/ssh/sshrc", "/etc/krb5.keytab", "/etc/krb5.conf", "/etc/opie*", "/etc/security/*passwd"),
    # What systemd takes at boot for root's password and keys (systemd.system-credentials(7)).
    *("/etc/credstore*/*", "/run/credstore*/*", "/run/credentials/@system/*", "/usr/lib/credstore*/*"),
    *("/etc/ssh/*principals*", "/etc/ssh/*_ca*", "/etc/ssh/*.d/*principals*"),
)
TRUST_FILES_OF_HOME = (".rhosts", ".shosts", ".k5login", ".k5users", ".google_authenticator", ".yubico/*")
BLOB = re.compile(r"AAAA[A-Za-z0-9+/]{20,}={0,3}")
KEY_TYPE = re.compile(r"(?:ssh-|ecdsa-|sk-|rsa-)[a-z0-9@.-]+")


def read(found: Found, sshd_settings: Iterable[str]) -> None:
    """All of them. `sshd_settings`: the lines of `sshd -T`, whose key files are read as well."""
    settings = [line.split(" ", 1) for line in sshd_settings if " " in line]
    named = [value for name, value in settings if name in ("authorizedkeysfile", "authorizedprincipalsfile")]
    files = {*KEY_FILES, *(one for value in named for one in value.split())} - {"none"}
    authorised_keys(found, files)
    for pattern in TRUST_FILES:
        for path in paths(pattern):
            found.add(f"trust file {path}", ownership(path), path)
    host_keys(found, [value for name, value in settings if name == "hostkey"])


def authorised_keys(found: Found, files: Iterable[str]) -> None:
    """Each key of each file that sshd reads or could be told to, and all that lies in accounts' .ssh."""
    seen: set[str] = set()
    for user in pwd.getpwall():
        home = user.pw_dir.rstrip("/")
        seen |= set(regular_files(*(with_tokens(one, user) for one in files)))
        if home and home != "/nonexistent":
            seen |= set(paths(f"{home}/.ssh/*", f"{home}/.ssh2/*"))
            for path in paths(*(f"{home}/{name}" for name in TRUST_FILES_OF_HOME)):
                found.add(f"trust file {path}", ownership(path), path)
    seen |= set(paths("/home/*/.ssh/*", "/root/.ssh/*", "/var/lib/*/.ssh/*"))
    for path in sorted(seen):
        keys_of(found, path)


def with_tokens(path: str, user: pwd.struct_passwd) -> str:
    """A path of sshd's settings for an account (TOKENS of sshd_config(5)); below its home unless absolute."""
    tokens = {"%u": user.pw_name, "%h": user.pw_dir, "%U": str(user.pw_uid), "%%": "%"}
    whole = re.sub(r"%[uhU%]", lambda token: tokens[token.group()], path)
    return whole if whole.startswith("/") else f"{user.pw_dir}/{whole}"


def keys_of(found: Found, path: str) -> None:
    """The keys of one file by their fingerprints; a file without any is an item by itself."""
    lines = [line.strip() for line in text(path).splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    keys = [(line, match) for line in lines if (match := BLOB.search(line))]
    for line, match in keys:
        found.add(
            f"key {fingerprint(match.group())} in {path}",
            f"{described(line, match)}; {ownership(path)}",
            path,
        )
    if not keys:
        found.add(f"file {path}", ownership(path), path)
    elif len(keys) < len(lines):
        found.add(f"lines without a key in {path}", str(len(lines) - len(keys)), path)


def fingerprint(blob: str) -> str:
    """The SHA-256 fingerprint of a public key as ssh-keygen(1) writes it."""
    try:
        digest = hashlib.sha256(base64.b64decode(blob + "=" * (-len(blob) % 4))).digest()
    except binascii.Error:
        return "unreadable"
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def described(line: str, blob: re.Match[str]) -> str:
    """A key's type and options; its comment says nothing."""
    before = line[: blob.start()].split()
    kind = before.pop() if before and KEY_TYPE.fullmatch(before[-1]) else "unknown type"
    return f"{kind}, options {' '.join(before) or 'none'}"


def host_keys(found: Found, configured: Iterable[str]) -> None:
    """The keys by which the machine proves itself: type, bits, mode; and certificates beside them."""
    for path in sorted({*configured, *paths("/etc/ssh/ssh_host_*")}):
        if path.endswith(".pub"):
            continue
        words = answer("/usr/bin/ssh-keygen", "-lf", path).split()
        kind = f"{words[-1].strip('()')} {words[0]} bits" if words else "unreadable"
        used = "" if path in configured else ", not offered"
        found.add(f"host key {path}", f"{kind}, {ownership_or_missing(path)}{used}", path)


def ownership_or_missing(path: str) -> str:
    """Owner and mode, or that the path is not there."""
    try:
        return ownership(path)
    except OSError:
        return "missing"
