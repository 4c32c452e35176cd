"""Reads the dimension `files`: what no package brought, and what differs from what one brought.

Items, each with the time its file last changed (the kernel's, which nobody sets by hand):

PATH                          type, mode, owner, group, and a link's target or a device's numbers
content of PATH               digest of a regular file
attribute NAME of PATH        an ACL, a capability, or another extended attribute
flags of PATH                 immutable, append-only
secret PATH                   what kind of secret a file holds, by its form
bytecode PATH                 what is wrong with Python's bytecode; what is right is no item
missing PATH                  the package that brought it
package NAME                  how dpkg has it
content of package NAME VER   digest of what dpkg's database has of it
library NAME                  what the linker's cache gives for it, where that is no package's
certificate SHA256            trusted by the whole host, and brought by nobody
machine                       which machine this is

A path of a package is an item only where it is otherwise than packages are: not root's, writable by others, run with
its owner's rights, another type. Its content is for `dpkg --verify`, its scripts and lists are here. Data (/var, /srv)
and what lasts until the next boot (/dev, /run, /tmp) are told by the shape of their paths (`files_shapes`), without
content: it changes with every message.

A digest of what not every account may read is keyed with a secret of the host, so that nobody can try a guess on it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import hmac
import os
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from amanat_host import processes
from amanat_host.answers.state import State
from amanat_host.errors import HostError
from amanat_host.state import files_attributes, files_bytecode, files_dpkg, files_secrets
from amanat_host.state.files_dpkg import merged
from amanat_host.state.files_shapes import Shapes
from amanat_host.state.files_walk import BODIES, Found, Place, shown, walk
from amanat_host.state.listing import Listing

HOST_KEY = "/etc/ssh/ssh_host_ed25519_key"
CERTIFICATES = "/etc/ssl/certs"
BUNDLE = f"{CERTIFICATES}/ca-certificates.crt"
BROUGHT_CERTIFICATES = ("/usr/share/ca-certificates", "/usr/local/share/ca-certificates")
BLOCK_BYTES = 1 << 20
LONGEST_BYTES = 256 << 20  # of a file whose content is compared; of a longer one, the beginning and the size
SOME_BYTES = 4096  # looked at for secrets among data and in volatile places
LONGEST_BODY_BYTES = 64 << 10  # of a body of data that is looked at: a key in a longer one isn't found
PEERS = "/etc/amanat/hosts"  # names of machines, which are no numbers whatever digits they have
# The engine mounts its own over these in a container, anew at every start; what they say is of the network.
MOUNTED = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf")
# Told without a digest.
UNCOMPARED = re.compile(
    r"""
    /etc/(passwd|shadow|group|gshadow|subuid|subgid)-  # the tools' copies from before a change: nothing obeys them
    | /etc/ca-certificates\.conf  # changes with its package; what it makes is compared by `certificates`
    | /etc/pam\.d/common-[a-z-]+\.pam-old
    | /(root|home/[^/]+)/\.(bash_history|lesshst|python_history|viminfo|psql_history)
    """,
    re.X,
)
# Made by tools from what is compared itself, and compared in a way of its own, or obeyed by nothing.
DERIVED = re.compile(
    r"""
    /etc/ld\.so\.cache  # by `libraries`
    | /etc/ssl/certs/(ca-certificates\.crt|[0-9a-f]{8}\.\d+)  # by `certificates` and `is_made`
    | /etc/\.(pwd\.lock|updated) | /var/\.updated
    | /usr/share/info/dir  # by a trigger
    | /var/lib/systemd/deb-systemd-(user-)?helper-enabled/.*  # what a package had enabled
    """,
    re.X,
)
ROOT_ACCOUNT = ROOT_GROUP = 0
OTHERS_WRITE = 0o022
SPECIAL_BITS = 0o7000  # set-user-ID, set-group-ID, sticky


def read(root: str = "") -> State:
    """The whole dimension. Raises `HostError` or `OSError` for what can't be read."""
    return _Reader(root).state()


class _Reader:
    """One reading of the host whose files begin at `root`."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.packages = files_dpkg.read(root)
        self.records = self.packages.records()
        self.conffiles = self.packages.conffiles
        self.alternatives = files_dpkg.alternatives(root)
        self.key = host_secret(root)
        self.listing = Listing()
        self.shapes = Shapes(peers(root))

    def state(self) -> State:
        self.listing.add("machine", self.keyed(b"machine"))
        closed: dict[str, bool] = {}  # directory -> whether others can't get below it
        for found in walk(self.root):
            above = closed.get(os.path.dirname(found.path), False)
            if found.is_directory:
                closed[found.path] = above or not found.mode & 0o001
            if found.place is Place.SYSTEM:
                for item, value in self.items_of(found, above):
                    self.listing.add(item, value, found.status.st_ctime)
            else:
                self.note_data(found)
        for told in self.shapes.told():
            self.listing.add(told.item, told.value, told.changed, told.example)
        for path, name in self.packages.missing():
            self.listing.add(f"missing {shown(path)}", f"of {name}")
        self.note_packages()
        for item, value in (*self.libraries(), *self.certificates()):
            self.listing.add(item, value)
        return self.listing.state()

    def note_packages(self) -> None:
        """The packages that are there, and what dpkg's database has of each: by it, files are known or not."""
        for package in self.packages.packages:
            known = self.packages.record_digest(package)
            self.listing.add(f"package {package.name}", package.status, known and known[1])
            if known:
                digest, changed = known
                self.listing.add(
                    f"content of package {package.name} {package.version}", f"sha256:{digest}", changed
                )

    def items_of(self, found: Found, closed: bool) -> Iterator[tuple[str, str]]:  # noqa: FBT001
        """The items of one path of the system; `closed`: whether others can't get at it."""
        yield from self.attributes(found)
        if self.is_known(found):
            if self.is_unlike_known(found):
                yield shown(found.path), self.described(found)
        elif "/__pycache__" in found.path:
            yield from self.bytecode(found)
        else:
            yield from self.unpackaged(found, closed)

    def note_data(self, found: Found) -> None:
        """Note one path among data or until the next boot: its shape, and the secret that it holds."""
        changed = found.status.st_ctime
        for name, value in files_attributes.extended(f"{self.root}{found.path}"):
            text = self.attribute(name, value) if is_obeyed(name) else "is set"
            self.shapes.add(found.path, text, changed, f"attribute {shown(name)} of ")
        if flags := self.flags(found):
            self.shapes.add(found.path, flags, changed, "flags of ")
        if self.is_known(found) and not self.is_unlike_known(found):
            return
        self.shapes.add(found.path, self.described(found), changed)
        if kinds := files_secrets.kinds(self.beginning(found)):
            secret = f"{self.described(found)}: {', '.join(kinds)}"
            self.listing.add(f"secret {shown(found.path)}", secret, changed)

    def is_known(self, found: Found) -> bool:
        """Whether a path is a package's, dpkg's own, or made by tools from what is known."""
        if found.path in self.packages.owners:
            return not self.displaces_a_packages(found)
        return found.path in self.records or bool(DERIVED.fullmatch(found.path))

    def is_unlike_known(self, found: Found) -> bool:
        """Whether a known path is otherwise than such are."""
        if unlike_packages(found):
            return True
        if found.path in self.packages.owners:
            return False
        runs = found.is_file and found.mode & 0o111 and found.path not in self.records
        return bool(runs) or not self.is_made(found)

    def unpackaged(self, found: Found, closed: bool) -> Iterator[tuple[str, str]]:  # noqa: FBT001
        """The items of what no package brought to the system."""
        if kinds := files_secrets.kinds(self.beginning(found)):
            yield f"secret {shown(found.path)}", f"{self.described(found)}: {', '.join(kinds)}"
        if found.is_link and self.is_made_link(found.path):
            return
        yield shown(found.path), self.described(found)
        if found.is_file and not UNCOMPARED.fullmatch(found.path) and not self.is_mounted(found.path):
            yield f"content of {shown(found.path)}", self.digest(found, closed)

    def described(self, found: Found) -> str:
        """Type, mode, owners, target."""
        target = shown(self.target(found.path)) if found.is_link else ""
        return files_attributes.described(found.status, target)

    def is_mounted(self, path: str) -> bool:
        """Whether an engine has mounted its own file there."""
        return path in MOUNTED and os.path.ismount(f"{self.root}{path}")

    def target(self, path: str) -> str:
        """Where a link points; "" when it is gone."""
        try:
            return os.readlink(f"{self.root}{path}")
        except OSError:
            return ""

    def end(self, path: str) -> str:
        """Where a chain of links ends."""
        return os.path.realpath(f"{self.root}{path}").removeprefix(self.root)

    def displaces_a_packages(self, found: Found) -> bool:
        """Whether a package's path holds something else than what came with the package."""
        path = found.path
        is_regular = path in self.packages.with_digest or path in self.conffiles
        if found.is_directory:
            return is_regular
        if found.is_link:
            # A link has no digest: it is a package's when it leads to what a package has brought.
            return is_regular or path in self.packages.parents or not self.leads_to_a_package(path)
        if not found.is_file:
            return True
        if path in self.conffiles:
            return self.md5(path) != self.conffiles[path]
        return path not in self.packages.with_digest

    def leads_to_a_package(self, path: str) -> bool:
        """Whether a link ends at what a package brought, or in the kernel's own."""
        end = self.end(path)
        return end in self.packages.owners or end.startswith(("/proc/", "/dev/", "/run/"))

    def is_made(self, found: Found) -> bool:
        """Whether a path that tools make is of the type that they make it."""
        return self.is_made_link(found.path) if found.is_link else found.is_file or found.is_directory

    def is_made_link(self, path: str) -> bool:
        """Whether a link is one that tools make from what is known: alternatives, runlevels, certificates."""
        target = self.target(path)
        if path in self.alternatives:
            leads = target.startswith("/etc/alternatives/") or self.leads_to_a_package(path)
            return target in self.alternatives[path] and leads
        if re.fullmatch(r"/etc/rc[0-6S]\.d/[SK]\d\d[\w.-]+", path):
            script = os.path.normpath(os.path.join(os.path.dirname(path), target))
            return script.startswith("/etc/init.d/") and script in self.packages.owners
        if os.path.dirname(path) == CERTIFICATES:
            end = self.end(path)
            return end in self.packages.owners or os.path.dirname(end) == BROUGHT_CERTIFICATES[1]
        return path.startswith("/var/lib/systemd/deb-systemd-")

    def bytecode(self, found: Found) -> Iterator[tuple[str, str]]:
        """What is wrong with a directory of bytecode, or with what lies in it."""
        fault = ""
        if found.is_file:
            fault = files_bytecode.fault(found.path, self.root)
        elif not (found.is_directory and found.path.endswith("/__pycache__")):
            fault = "no bytecode"
        if fault or unlike_packages(found):
            yield f"bytecode {shown(found.path)}", f"{self.described(found)}{': ' if fault else ''}{fault}"

    def beginning(self, found: Found) -> bytes:
        """As much of a regular file as is looked at for secrets."""
        if not found.is_file:
            return b""
        if found.place is Place.SYSTEM:
            with self.opened(found.path) as file:
                return file.read(files_secrets.LONGEST_BYTES)
        of_bodies = BODIES.fullmatch(found.path)
        if of_bodies and found.status.st_size > LONGEST_BODY_BYTES:
            return b""
        with self.opened(found.path) as file:
            content = file.read(SOME_BYTES)
            if of_bodies and not files_secrets.may_be_secret(content):
                return b""
            if content.startswith(files_secrets.COMPRESSED):
                content += file.read(files_secrets.LONGEST_BYTES - len(content))
        return content

    @contextlib.contextmanager
    def handle(self, path: str) -> Iterator[int]:
        """A file or directory, opened to read; nothing when it is gone, or became a link or a pipe meanwhile."""
        try:
            handle = os.open(f"{self.root}{path}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOATIME)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ELOOP, errno.ENXIO, errno.ENOTDIR):
                raise
            handle = os.open(os.devnull, os.O_RDONLY)
        try:
            yield handle
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def opened(self, path: str) -> Iterator[BinaryIO]:
        """A regular file, as `handle` has it."""
        with self.handle(path) as handle, open(handle, "rb", closefd=False) as file:  # noqa: PTH123 - a handle
            yield file

    def keyed(self, content: bytes) -> str:
        """A digest that only who knows the host's secret can compute."""
        return hmac.new(self.key, content, hashlib.sha256).hexdigest()

    def digest(self, found: Found, closed: bool) -> str:  # noqa: FBT001
        """The digest of a file's content: a plain one only where every account may read the file anyway."""
        secret = closed or not found.mode & 0o004
        total = hmac.new(self.key, digestmod=hashlib.sha256) if secret else hashlib.sha256()
        left = LONGEST_BYTES
        with self.opened(found.path) as file:
            while block := file.read(min(BLOCK_BYTES, left)):
                total.update(block)
                left -= len(block)
        if not left:
            total.update(str(found.status.st_size).encode())
        return f"{'hmac-sha256' if secret else 'sha256'}:{total.hexdigest()}"

    def md5(self, path: str) -> str:
        """As dpkg has it for conffiles."""
        with self.opened(path) as file:
            return hashlib.md5(file.read(), usedforsecurity=False).hexdigest()

    def attributes(self, found: Found) -> Iterator[tuple[str, str]]:
        """Extended attributes, ACLs among them, and the flags of chattr(1)."""
        for name, value in files_attributes.extended(f"{self.root}{found.path}"):
            yield f"attribute {shown(name)} of {shown(found.path)}", self.attribute(name, value)
        if flags := self.flags(found):
            yield f"flags of {shown(found.path)}", flags

    def attribute(self, name: str, value: bytes) -> str:
        """An extended attribute's value as text; of one that nobody knows, a digest."""
        if name.startswith("system.posix_acl_"):
            return files_attributes.acl(value)
        if name == "security.capability":
            return files_attributes.capability(value)
        return f"hmac-sha256:{self.keyed(value)}"

    def flags(self, found: Found) -> str:
        """The flags of chattr(1) that keep a file or directory as it is; "" for none."""
        if not (found.is_file or found.is_directory):
            return ""
        with self.handle(found.path) as handle:
            return ", ".join(files_attributes.flags(handle))

    def libraries(self) -> Iterator[tuple[str, str]]:
        """What the linker's cache, which is binary and made anew with every update, gives that is no package's."""
        cache = f"{self.root}/etc/ld.so.cache"
        if not os.path.exists(cache):
            return
        command = ["/usr/sbin/ldconfig", "-p", "-C", cache]
        done = processes.run(command, capture_output=True, text=True, check=True, env={"LC_ALL": "C"})
        for name, path in re.findall(r"^\t(\S+) \(.*\) => (/.+)$", done.stdout, re.M):
            place = merged(path)
            if place not in self.packages.owners or not self.leads_to_a_package(place):
                yield f"library {shown(name)}", shown(path)

    def certificates(self) -> Iterator[tuple[str, str]]:
        """What the host's bundle of trusted authorities holds beside what packages and the kit brought."""
        brought: set[bytes] = set()
        for directory in BROUGHT_CERTIFICATES:
            for path in sorted(Path(f"{self.root}{directory}").rglob("*.crt")):
                brought.update(certificates_in(path))
        for certificate in certificates_in(Path(f"{self.root}{BUNDLE}")):
            if certificate not in brought:
                yield f"certificate {hashlib.sha256(certificate).hexdigest()}", f"in {BUNDLE}"


def host_secret(root: str) -> bytes:
    """A key that root alone can know, the same while the machine is the same: from its SSH host key, one way."""
    try:
        content = Path(f"{root}{HOST_KEY}").read_bytes()
    except OSError as error:
        raise HostError(
            "the host's SSH key can't be read", HOST_KEY, "make one with `ssh-keygen -A`"
        ) from error
    if not content.strip():
        raise HostError("the host's SSH key is empty", HOST_KEY, "make one with `ssh-keygen -A`")
    return hashlib.sha256(b"amanat: state of files\0" + content).digest()


def unlike_packages(found: Found) -> bool:
    """Whether a path is otherwise than packages have them: root's, and for root alone to write."""
    if found.is_link:
        return found.status.st_uid != ROOT_ACCOUNT
    is_roots = (found.status.st_uid, found.status.st_gid) == (ROOT_ACCOUNT, ROOT_GROUP)
    return not is_roots or bool(found.mode & (SPECIAL_BITS | OTHERS_WRITE))


def is_obeyed(attribute: str) -> bool:
    """Whether the kernel obeys an extended attribute, so that its value counts and not only that it is there."""
    return attribute.startswith(("system.", "security.", "trusted."))


def peers(root: str) -> frozenset[str]:
    """The names of the machines that a host knows; none where it has no list yet."""
    try:
        lines = Path(f"{root}{PEERS}").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return frozenset()
    return frozenset(name for line in lines if not line.startswith("#") for name in line.split()[1:])


def certificates_in(path: Path) -> Iterator[bytes]:
    """The certificates of a PEM file, in DER; none when it isn't there."""
    try:
        text = path.read_text("ascii", "replace")
    except OSError:
        return
    for block in re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", text, re.S):
        yield ssl.PEM_cert_to_DER_cert(block)
