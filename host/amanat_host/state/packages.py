"""How packages come: sources, keys, pins, settings and hooks of apt, and what no source has.

What is installed is of the dimension `files`.
"""

from __future__ import annotations

import base64
import glob
import hashlib
import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

from amanat_host.state.listing import Listing, changed_at
from amanat_host.state.owned import installed_at, package_of
from amanat_host.state.syntax import uncommented
from amanat_host.system.state import output, text

KEYRINGS = ("/etc/apt/trusted.gpg", "/etc/apt/trusted.gpg.d/*", "/etc/apt/keyrings/*")
# Settings that name places of this build alone or list what compiles; none of them says whom to trust or what to run.
APT_NOT_COMPARED = re.compile(
    r"APT::(Architectures?|Compressor|Build-Essential)\b.*|(Binary|CommandLine).*|Acquire::(Snapshots|IndexTargets)\b.*"
)
URI = re.compile(r"\w+://[^\s\"]+")
PUBLIC_KEY = {6: b"\x99"}  # OpenPGP: packet tag of a primary key -> what begins its fingerprint


def read() -> Listing:
    """All of it."""
    listing = Listing()
    read_installed(listing)
    read_sources(listing)
    read_keys(listing)
    read_apt(listing)
    read_dpkg(listing)
    return listing


def read_installed(listing: Listing) -> None:
    """The packages that no source has, and what other architectures may come."""
    names = output("/usr/bin/dpkg-query", "--show", "--showformat=${binary:Package}\n").split()
    for name in sorted(unknown_to_sources(names)):
        listing.add(f"package {name} comes from", "no source", installed_at(name))
    for name in output("/usr/bin/dpkg", "--print-foreign-architectures").split():
        listing.add(f"foreign architecture {name}", "enabled")


def unknown_to_sources(names: list[str]) -> Iterator[str]:
    """Packages whose installed version is the newest there is, and in no source: nobody's updates reach them.

    An older version that a source no longer has is one that waits for its update.
    """
    listed = output("/usr/bin/apt-cache", "policy", *names)
    for block in re.split(r"\n(?=\S)", listed):
        name, _, rest = block.partition(":\n")
        installed = re.search(r"^  Installed: (.*)$", rest, re.M)
        candidate = re.search(r"^  Candidate: (.*)$", rest, re.M)
        own = re.search(r"^ \*\*\* .*\n((?: {8}.*\n?)*)", rest, re.M)
        if installed and candidate and installed[1] == candidate[1] and installed[1] != "(none)":
            places = [line.split(None, 1)[1] for line in own[1].splitlines()] if own else []
            if all(place.startswith("/var/lib/dpkg/status") for place in places):
                yield name.partition(":")[0]


def read_sources(listing: Listing) -> None:
    """Every source without the mirror's address: kind, suite, component, whose keys, exceptions; then pins."""
    for path in sorted(["/etc/apt/sources.list", *glob.glob("/etc/apt/sources.list.d/*")]):
        read_entries = deb822_sources if path.endswith(".sources") else listed_sources
        for kind, uri, suite, component, options in read_entries(text(path)):
            listing.add_numbered(
                f"package source {kind} {suite} {component}".rstrip(), " ".join([scheme(uri), *options])
            )
    read_preferences(listing)


def read_preferences(listing: Listing) -> None:
    """What is preferred over what is newest, as it is written and, for sources that are there, as it counts."""
    for path in sorted(["/etc/apt/preferences", *glob.glob("/etc/apt/preferences.d/*")]):
        for fields in stanzas(text(path)):
            about = " ".join(fields.get(name, "") for name in ("package", "pin"))
            listing.add_numbered(f"package preference {about}", fields.get("pin-priority", ""))
    files, _, pinned = output("/usr/bin/apt-cache", "policy").partition("Pinned packages:")
    for priority, line in re.findall(r"^ *(-?\d+) (\S+.*)$", files, re.M):
        if priority not in ("100", "500"):
            listing.add_numbered(f"package priority of {URI.sub('<uri>', line)}", priority)
    for line in pinned.strip().splitlines():
        listing.add_numbered("package pinned", " ".join(line.split()))
    if not re.search(r"^ *-?\d+ (?!/var/lib/dpkg/status)\S", files, re.M):
        listing.add("package lists", "are empty")


def stanzas(content: str) -> Iterator[dict[str, str]]:
    """The fields of deb822 stanzas by name in small letters; a field that goes on is one line."""
    for stanza in re.split(r"\n[ \t]*\n", re.sub(r"^#.*\n?", "", content, flags=re.M)):
        joined = re.sub(r"\n[ \t]+", " ", stanza)
        if fields := {
            key.lower(): value.strip() for key, value in re.findall(r"^([\w-]+):(.*)$", joined, re.M)
        }:
            yield fields


def scheme(uri: str) -> str:
    """How a mirror is reached. Which one it is, is the operator's choice; packages are trusted by their signature."""
    return uri.partition(":")[0].removeprefix("mirror+").replace("https", "http")


Source = tuple[str, str, str, str, list[str]]  # kind, URI, suite, component, options


def listed_sources(content: str) -> Iterator[Source]:
    """Sources of one line each (sources.list(5)): `deb [option=value …] uri suite component …`."""
    for line in content.splitlines():
        found = re.fullmatch(r"\s*(deb|deb-src)\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)(?:#.*)?", line)
        if found:
            kind, given, uri, suite, components = found.groups()
            options = sorted(part.lower() for part in (given or "").split())
            for component in components.split() or [""]:
                yield kind, uri, suite, component, options


def deb822_sources(content: str) -> Iterator[Source]:
    """Sources in stanzas of fields (sources.list(5))."""
    for fields in stanzas(content):
        if fields.pop("enabled", "yes").lower() in ("no", "false", "0", "off"):
            continue
        many = [fields.pop(name, "").split() or [""] for name in ("types", "uris", "suites", "components")]
        options = sorted(
            f"{name}={value}".lower() for name, value in fields.items() if not name.startswith("x-")
        )
        for kind, uri, suite, component in itertools.product(*many):
            if kind:
                yield kind, uri, suite, component, options


def read_keys(listing: Listing) -> None:
    """Keys that apt trusts for every source without its own, by fingerprint where no package brought the file."""
    for path in sorted(path for pattern in KEYRINGS for path in glob.glob(pattern)):
        if package := package_of(path):
            listing.add(f"package keys of {package}", "are trusted")
        else:
            for fingerprint in fingerprints(Path(path)) or ["that can't be read"]:
                listing.add(f"package key {fingerprint}", f"is trusted by {path}", changed_at(path))


def fingerprints(path: Path) -> list[str]:
    """The fingerprints (v4, RFC 4880 12.2) of a keyring's primary keys, armoured or not."""
    content = path.read_bytes()
    if b"-----BEGIN PGP" in content:
        blocks = re.findall(
            rb"-----BEGIN PGP[^\n]*\n(?:[^\n]+: [^\n]*\n)*\s*\n(.*?)(?:\n=[^\n]+)?\n-----END", content, re.S
        )
        content = b"".join(base64.b64decode(block) for block in blocks)
    return [  # SHA-1 is the format's own
        hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body, usedforsecurity=False).hexdigest().upper()
        for tag, body in packets(content)
        if tag in PUBLIC_KEY
    ]  # noqa: S324 - the format's own


def packets(content: bytes) -> Iterator[tuple[int, bytes]]:
    """OpenPGP packets (RFC 4880 4.2): tag and body. Ends at what is none."""
    place = 0
    while place + 2 <= len(content) and content[place] & 0x80:
        first, place = content[place], place + 1
        if first & 0x40:  # new format
            tag, length = first & 0x3F, content[place]
            size = 1 if length < 192 else 2 if length < 224 else 5
            body = content[place : place + size]
            count = (
                length
                if size == 1
                else ((length - 192) << 8) + body[1] + 192
                if size == 2
                else int.from_bytes(body[1:], "big")
            )
        else:
            tag, size = first >> 2 & 0xF, (1, 2, 4, 0)[first & 3]
            count = int.from_bytes(content[place : place + size], "big") if size else len(content) - place
        yield tag, content[place + size : place + size + count]
        place += size + count


def read_apt(listing: Listing) -> None:
    """Every setting of apt and of what uses its configuration, hooks among them."""
    for line in output("/usr/bin/apt-config", "dump").splitlines():
        found = re.fullmatch(r'(\S+) "(.*)";', line)
        if found and found[2] and not APT_NOT_COMPARED.fullmatch(found[1]):
            value = URI.sub("<uri>", found[2])
            if found[1].endswith("CAInfo") and not os.path.exists(value):
                value = "a file that is not there"  # of the machine that made the image
            if found[1].endswith("::"):
                listing.add(f"apt setting {found[1]} {value}", "is set")
            else:
                listing.add(f"apt setting {found[1]}", value)


def read_dpkg(listing: Listing) -> None:
    """dpkg's own settings, what was diverted or given other modes, and alternatives that somebody chose."""
    for path in sorted(
        ["/etc/dpkg/dpkg.cfg", *glob.glob("/etc/dpkg/dpkg.cfg.d/*"), *glob.glob("/root/.dpkg.cfg")]
    ):
        for line in uncommented(text(path)):
            listing.add_numbered(f"dpkg setting {line}", "is set")
    for line in output("/usr/bin/dpkg-divert", "--list").splitlines():
        if not line.startswith("diversion of ") or " by " not in line:
            listing.add(line, "is there")  # `local diversion of …`
        elif not re.search(r"\.usr-is-merged by ", line):
            listing.add(line, "is there")
    for line in output("/usr/bin/dpkg-statoverride", "--list").splitlines():
        owner, group, mode, path = line.split(" ", 3)
        listing.add(f"mode kept by dpkg {path}", f"{owner}:{group} {mode}")
    for line in output("/usr/bin/update-alternatives", "--get-selections").splitlines():
        name, how, path = line.split(None, 2)
        link = os.path.join("/etc/alternatives", name)
        actual = os.readlink(link) if os.path.islink(link) else "no link"
        listing.add(
            f"alternative {name}", f"{how} {path}" if actual == path else f"{how} {path}, but {actual}"
        )
