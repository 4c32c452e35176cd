"""The disk of a bare Debian 13 machine: Debian's kernel, what the README asks for, and one plain user."""

import hashlib
import os
import platform
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from amanat.files import private_directory
from amanat.locks import file_lock
from amanat.paths import cache
from amanat.setup.mirrors import LOCAL_AUTHORITIES, Mirrors
from amanat.setup.packages import ensure_commands
from amanat.setup.progress import QUIET, Reporter
from amanat.targets.docker.rootfs import mmdebstrap

SUITE = "trixie"
USER = "reader"
# What the README tells a plain user to have (tests/contract/test_docs.py); and what makes a machine.
ASKED_FOR = (
    *("docker.io", "git", "gnupg", "iptables", "make", "mmdebstrap", "openssh-client", "python3-venv"),
    "uidmap",
)
MACHINE = (
    *("systemd", "systemd-sysv", "systemd-resolved", "dbus", "libpam-systemd", "udev"),
    *("ca-certificates", "iproute2", "openssh-server", "passwd", "python3"),
    "docker-cli",  # for our own looks at the engine
)
SIZE = "40G"  # sparse
SHARED = "/var/tmp"  # noqa: S108 - a directory of its own is made there
CUSTOMIZE = Path(__file__).with_name("customize.sh")


@dataclass(frozen=True)
class Processor:
    """What differs from one kind of processor to the other."""

    kernel: str
    emulator: str
    package: str
    console: str
    options: tuple[str, ...] = ()


# arm64 by QEMU's and Debian's manuals; this was never run.
PROCESSORS = {
    "x86_64": Processor("linux-image-amd64", "qemu-system-x86_64", "qemu-system-x86", "ttyS0"),
    "aarch64": Processor(
        "linux-image-arm64", "qemu-system-aarch64", "qemu-system-arm", "ttyAMA0", ("-machine", "virt")
    ),
}
PROCESSOR = PROCESSORS[platform.machine()]


@dataclass(frozen=True)
class Disk:
    """A disk image that nobody writes to, how to boot it, and the key that logs in as root and as the user."""

    image: Path
    kernel: Path
    initrd: Path
    key: Path
    host_key: str

    @classmethod
    def at(cls, directory: Path) -> "Disk":
        """The disk whose parts lie in a directory."""
        return cls(
            image=directory / "disk.img",
            kernel=directory / "vmlinuz",
            initrd=directory / "initrd.img",
            key=directory / "key",
            host_key=(directory / "host_key.pub").read_text("utf-8"),
        )


PACKAGES = [PROCESSOR.kernel, *MACHINE, *ASKED_FOR]


def disk(report: Reporter = QUIET) -> Disk:
    """The cached disk, made now if need be (a minute or two). Raises `BootstrapFailed`, `PackagesMissing`."""
    ensure_commands(
        {PROCESSOR.emulator: PROCESSOR.package, "qemu-img": "qemu-utils", "mke2fs": "e2fsprogs"}, report
    )
    parts = [SUITE, *PACKAGES, SIZE, CUSTOMIZE.read_text("utf-8"), *_authorities()]
    place = cache() / "fresh" / f"disk-{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:12]}"
    with file_lock(cache() / "fresh" / ".lock", lambda holder: report.tick("another run makes it: waiting")):
        if not place.exists():
            report.note("making the disk of a bare Debian machine (a minute or two)")
            _make(place)
    return Disk.at(place)


def _authorities() -> list[str]:
    """What an administrator added to this machine's trust, and so to that of the machines beside it."""
    return [path.read_text("utf-8") for path in sorted(LOCAL_AUTHORITIES.glob("*.crt"))]


def _make(place: Path) -> None:
    draft = place.with_name(f".making-{place.name}")
    for left in (*place.parent.glob(".making-*"), *place.parent.glob("disk-*")):  # also those of older lists
        shutil.rmtree(left)
    private_directory(draft)
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "fresh", "-f", str(draft / "key")]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    with _shared() as out:
        made = _writable(out)
        shutil.copy(draft / "key.pub", out)
        shutil.copy(CUSTOMIZE, out / "customize.sh")
        (out / "authorities").mkdir()
        for number, text in enumerate(_authorities()):
            (out / f"authorities/{number}.crt").write_text(text, "utf-8")
        for path in (*out.glob("*.*"), out / "authorities", *out.glob("authorities/*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        with open(os.devnull, "wb") as nothing:
            mmdebstrap(
                SUITE,
                Mirrors.from_environment().debian,
                PACKAGES,
                nothing,
                hooks=[f'sh "{out}/customize.sh" "$1"'],
                environment={"OUT": str(out), "MADE": str(made), "MACHINE_USER": USER, "SIZE": SIZE},
            )
        for name in ("disk.img", "vmlinuz", "initrd.img", "host_key.pub"):
            subprocess.run(["cp", "--sparse=always", str(made / name), str(draft)], check=True)
    draft.rename(place)


@contextmanager
def _shared() -> Iterator[Path]:
    """A directory that the hook can reach though it may run as a subordinate id, to which the cache is closed."""
    prefix = f"amanat-disk-{os.geteuid()}-"
    for left in Path(SHARED).glob(f"{prefix}*"):
        if not left.is_symlink() and left.stat().st_uid == os.geteuid():
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=SHARED) as shared:
        Path(shared).chmod(0o711)
        yield Path(shared)


def _writable(out: Path) -> Path:
    """Where the hook puts what it makes: root's alone, or under a name that nobody else can guess or list."""
    made = out / secrets.token_hex(16)
    made.mkdir(mode=0o700)
    if os.geteuid():
        made.chmod(0o733)
    return made
