"""What the machine's kernel was told, what is mounted, what the loader takes up, and who the machine is."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path

from amanat_host.state.listing import Listing, changed_at
from amanat_host.state.syntax import MountLine, mount_line, uncommented
from amanat_host.system.state import kernel_settings, output, text, writable

# Beside those that the role sets: programs that the kernel starts itself, and who may look into others.
SETTINGS = (
    *(
        "kernel.core_pattern",
        "kernel.core_pipe_limit",
        "kernel.modprobe",
        "kernel.hotplug",
        "kernel.poweroff_cmd",
    ),
    *(
        "kernel.modules_disabled",
        "kernel.unprivileged_userns_clone",
        "kernel.io_uring_disabled",
        "kernel.domainname",
    ),
    *("kernel.panic_on_oops", "kernel.tainted", "kernel.usermodehelper.bset", "kernel.soft_watchdog"),
    *("vm.mmap_min_addr", "vm.unprivileged_userfaultfd", "vm.overcommit_memory", "vm.legacy_va_layout"),
    *("fs.binfmt_misc.status", "kernel.cad_pid", "kernel.seccomp.actions_logged", "kernel.bootloader_type"),
)
# What says how much there is, not how it behaves.
SIZES = re.compile(r",?(size|nr_inodes|inode\d+|discard|resv_strict|resuid=\d+|resgid)=?[^,]*")
OVERLAY = re.compile(r",?(lowerdir|upperdir|workdir)\+?=[^,]*")
# Files and directories that a container engine gives a container, by what they are below the engine's own directory.
OF_ENGINE = re.compile(r".*/containers/[0-9a-f]{64}/([\w.]+)|.*/volumes/[\w.-]+/(_data)")
# Where the loader looks by itself.
LOADERS_OWN = ("/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32")
ACCESS_TIME = re.compile(r"(rel|no|lazy|strict|nodir)?atime")


def read() -> Listing:
    """All of it."""
    listing = Listing()
    read_settings(listing)
    read_mounts(listing)
    read_loader(listing)
    read_identity(listing)
    return listing


def read_settings(listing: Listing) -> None:
    """Kernel settings; in a container most belong to its machine and can't be set, which is all that is told then."""
    for name in sorted({*kernel_settings(), *SETTINGS}):
        path = "/proc/sys/" + name.replace(".", "/")
        if name.startswith("net.") or not os.path.exists(path):
            continue  # the network's are told with the network
        listing.add(
            f"kernel setting {name}", text(path).strip() if writable(path) else "of the machine outside"
        )
    if not writable("/proc/sys/kernel/core_pattern"):
        return
    for place in sorted(glob.glob("/proc/sys/fs/binfmt_misc/*")):
        if (name := os.path.basename(place)) not in ("register", "status"):
            interpreter = re.search(r"^interpreter (.*)$", text(place), re.M)
            listing.add(f"binary format {name}", interpreter[1] if interpreter else "")
    for line in text("/proc/swaps").splitlines()[1:]:
        listing.add(f"swap {line.split()[0]}", line.split()[1])
    for place in sorted(glob.glob("/sys/module/*/taint")):
        if taint := text(place).strip():
            listing.add(f"kernel module {place.split('/')[3]}", f"taints: {taint}")


def read_mounts(listing: Listing) -> None:
    """Every mount that the machine's first process sees: kind, options, and what of a file system it shows."""
    for line in text("/proc/1/mountinfo").splitlines():
        mount = mount_line(line)
        listing.add_numbered(f"mount {mount.target}", mounted(mount))


def mounted(mount: MountLine) -> str:
    """A mount without sizes, layers, access times, and where the engine keeps what it gives a container."""
    kind, source, root, of_all = mount.kind, mount.source, mount.root, mount.super_options
    own = ",".join(sorted(own_options(mount)))
    if given := OF_ENGINE.fullmatch(root):
        return f"the engine's {given[1] or 'volume'} {own}"
    if kind in ("overlay", "tmpfs", "ext4", "xfs", "btrfs"):
        of_all = SIZES.sub("", OVERLAY.sub("", of_all)).strip(",")
    what = kind
    if kind not in ("overlay", source) and not source.startswith("/dev/"):
        what += f" {source}"
    if root != "/":
        what += f" of {root}"
    return f"{what} {own}; {','.join(sorted(of_all.split(',')))}"


def own_options(mount: MountLine) -> frozenset[str]:
    """The options of a mount itself, without those of access times."""
    return frozenset(one for one in mount.options.split(",") if not ACCESS_TIME.fullmatch(one))


def read_loader(listing: Listing) -> None:
    """What every program gets: preloaded libraries, the directories that libraries come from, and any from elsewhere.

    Those within the directories are files of the system, and told with those.
    """
    for path in ("/etc/ld.so.preload", "/etc/suid-debug"):
        if os.path.lexists(path):
            listing.add(f"loader: {path}", " ".join(text(path).split()) or "empty", changed_at(path))
    directories = set(LOADERS_OWN)
    for path in sorted([*glob.glob("/etc/ld.so.conf.d/*"), "/etc/ld.so.conf"]):
        for line in uncommented(text(path)):
            listing.add(f"loader: directory {line}", path)
            directories.add(os.path.realpath(line))
    for line in output("/usr/sbin/ldconfig", "--print-cache").splitlines():
        path = line.rpartition(" => ")[2].strip()
        if path.startswith("/") and directories.isdisjoint(map(str, Path(os.path.realpath(path)).parents)):
            listing.add(f"loader: {path}", "from outside of its directories", changed_at(path))


def read_identity(listing: Listing) -> None:
    """The machine's name, id, clock and language."""
    listing.add("hostname", os.uname().nodename)
    listing.add(
        "machine id", "is there" if re.fullmatch(r"[0-9a-f]{32}\n", text("/etc/machine-id")) else "is missing"
    )
    zone = os.path.realpath("/etc/localtime").removeprefix("/usr/share/zoneinfo/")
    listing.add("time zone", zone, changed_at("/etc/localtime"))
    for path in ("/etc/default/locale", "/etc/locale.conf", "/etc/environment", "/etc/adjtime"):
        for line in uncommented(text(path)):
            listing.add(f"{path}: {line.partition('=')[0].strip()}", line.partition("=")[2].strip())
    for path in ("/etc/chrony/chrony.conf", *sorted(glob.glob("/etc/chrony/*.d/*"))):
        for line in uncommented(text(path)):
            listing.add_numbered(f"clock: {line.split()[0]}", " ".join(line.split()[1:]))
    journal = [
        path for path in ("/var/log/journal", "/run/log/journal") if glob.glob(f"{path}/*/system.journal")
    ]
    listing.add("journal is kept in", " ".join(journal))
