"""What the programs of a unit see of the file systems in a place of their own, where that isn't what the machine sees.

A unit's settings say what systemd set up once. Who is root can mount in a running program's namespace afterwards, and
no setting shows it. So each mount is read as it is now: of another part of a file system than the machine has at that
place; on a place of its own; and all that may be written to. What is left is the machine's own, to read only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from amanat_host.state import proc, units
from amanat_host.state.kernel import own_options
from amanat_host.state.listing import Listing
from amanat_host.state.proc import Process
from amanat_host.state.syntax import mount_line
from amanat_host.system.state import text

# Made by systemd for each start of a unit, with a number of its own.
PRIVATE = re.compile(r"systemd-private-[0-9a-f]{32}-(.+)-[A-Za-z0-9]{6}(/|$)")
KERNELS_OWN = re.compile(r"/(proc|sys|dev)(/.*)?")


class Mount(NamedTuple):
    """One mount: the file system by its device number and kind, the part of it that is there, and how."""

    device: str
    kind: str
    root: str
    options: frozenset[str]

    @property
    def what(self) -> tuple[str, str]:
        """Which part of which file system."""
        return self.device, self.root

    @property
    def is_writable(self) -> bool:
        """Whether the mount as such lets write."""
        return "rw" in self.options


Mounts = Mapping[str, Mount]  # by place


def read(processes: Iterable[Process]) -> Listing:
    """The mounts of every unit whose programs have a namespace of their own."""
    listing = Listing()
    machines = mounts("1")
    seen = set()
    for process in processes:
        namespace = process.unit, process.namespaces.get("mnt", "")
        if namespace in seen or "mnt" not in set(proc.own_namespaces(process)):
            continue
        seen.add(namespace)
        part = Listing()
        read_unit(part, units.shown(process.unit) or "no unit", machines, mounts(str(process.number)))
        if proc.is_there(process):
            listing.take(part)
    return listing


def read_unit(listing: Listing, unit: str, machines: Mounts, own: Mounts) -> None:
    """The mounts of one namespace that are otherwise than the machine's, and those that let write."""
    for target, mount in own.items():
        if is_told(target, mount, machines.get(target)):
            options = ",".join(sorted(mount.options))
            listing.add(f"mount for {unit}: {target}", f"{place(mount, machines)} {options}")


def is_told(target: str, mount: Mount, machines: Mount | None) -> bool:
    """Whether a mount is something else than what the machine has there, or lets the unit write."""
    if KERNELS_OWN.fullmatch(target):  # what of it is hidden depends on the kernel
        return mount.is_writable and (machines is None or not machines.is_writable)
    return mount.is_writable or machines is None or machines.what != mount.what


def place(mount: Mount, machines: Mounts) -> str:
    """What is mounted, by where the machine has it; kind and part of a file system that the machine doesn't see."""
    found = [
        (len(one.root), f"{target.rstrip('/')}{mount.root.removeprefix(one.root.rstrip('/'))}")
        for target, one in machines.items()
        if one.device == mount.device and f"{mount.root}/".startswith(f"{one.root.rstrip('/')}/")
    ]
    path = max(found)[1].rstrip("/") or "/" if found else f"{mount.kind} of {mount.root}"
    return PRIVATE.sub(r"private/\1\2", path)


def mounts(process: str) -> dict[str, Mount]:
    """By place, what a process sees there: of several mounts on one place, the last."""
    found = {}
    for line in text(proc.PROC / process / "mountinfo").splitlines():
        mount = mount_line(line)
        found[mount.target] = Mount(mount.device, mount.kind, mount.root, own_options(mount))
    return found
