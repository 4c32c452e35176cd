"""Tells what a host keeps that only grows by somebody's deed: keys of key stores, baselines of files, journals.

A converge notes these items with the stack, as it does with digests of files. Nothing secret is told: a key by its
name or thumbprint.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from amanat_host import processes
from amanat_host.answers.system import Kept
from amanat_host.digests import sha256_of
from amanat_host.state.listing import Listing, changed_at
from amanat_host.system import journal
from amanat_host.system.integrity import DATABASE, LEDGER
from amanat_host.system.state import text
from amanat_host.tang.thumbprint import thumbprint
from amanat_host.times import moment

KEPT = "kept "  # how each item begins
LONG_AGO = 1.0  # when something was made whose time is a lie
COPIES = Path("/var/lib/amanat/copies")
UNLOCK_KEYS = Path("/var/lib/tang")
VOLUME = Path("/etc/amanat/volume.json")


def read() -> Kept:
    """All of it. Raises `OSError`, or `ValueError` for a journal without a number."""
    listing = Listing()
    for one in journal.read().sequences:
        listing.add(f"{KEPT}journal {one.id}", "there", moment(one.begins))
    for path, item, value in (*unlock_keys(UNLOCK_KEYS), *keys_of_copies(COPIES)):
        listing.add_numbered(f"{KEPT}{item}", value, changed_at(str(path)))
    for item, value, at in baselines(LEDGER, DATABASE):
        listing.add_numbered(f"{KEPT}{item}", value, at)
    for item, value in slots(VOLUME):
        listing.add(f"{KEPT}{item}", value)
    return Kept(listing.items, listing.since)


def unlock_keys(directory: Path) -> Iterator[tuple[Path, str, str]]:
    """tang's keys by thumbprint, and whatever else lies among them."""
    for path in entries(directory):
        try:
            name = thumbprint(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            yield path, f"file {path}", "no key"
            continue
        yield path, f"unlock key {name}", "withdrawn" if path.name.startswith(".") else "advertised"


def keys_of_copies(directory: Path) -> Iterator[tuple[Path, str, str]]:
    """The keys of each host's copies: a password that opens one of them opens all copies of the host."""
    for repository in entries(directory):
        for path in entries(repository / "keys"):
            whole = path.is_file() and sha256_of(path) == path.name
            name = f"key {path.name} of the copies of {repository.name}"
            yield path, name, "whole" if whole else "not what it is named after"


def baselines(ledger: Path, database: Path) -> Iterator[tuple[str, str, float]]:
    """Each baseline of the host's files that was ever in force, by whom and since when; and one that nobody noted."""
    noted = set()
    for line in text(ledger).splitlines():
        entry = json.loads(line)
        if "sha256" not in entry:  # from before baselines were noted
            continue
        at = moment(entry["at"])
        noted.add(entry["sha256"])
        who = entry["who"].partition(":")[0]
        yield f"baseline {entry['sha256']} by {who}", "was made", at if at <= time.time() else LONG_AGO
    if database.exists() and (current := sha256_of(database)) not in noted:
        yield f"baseline {current}", "in no ledger", database.stat().st_ctime


def entries(directory: Path) -> list[Path]:
    """What lies in a directory, hidden or not; nothing where there is none."""
    try:
        return sorted(Path(entry.path) for entry in os.scandir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return []


def slots(configuration: Path) -> Iterator[tuple[str, str]]:
    """The key slots and tokens of a LUKS volume, each of which opens it."""
    if not configuration.is_file():
        return
    layout = json.loads(configuration.read_text("utf-8"))
    if layout["method"] != "luks":
        return
    command = ["/usr/sbin/cryptsetup", "luksDump", "--dump-json-metadata", layout["backing"]]
    header = json.loads(processes.run(command, capture_output=True, text=True, check=True).stdout)
    for kind in ("keyslots", "tokens"):
        for number, slot in sorted(header.get(kind, {}).items()):
            digest = hashlib.sha256(json.dumps(slot, sort_keys=True).encode()).hexdigest()
            yield f"{kind.removesuffix('s')} {number} of the volume", f"sha256:{digest}"
