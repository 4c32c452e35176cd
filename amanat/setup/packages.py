"""Packages of the controller's own distribution, installed only when we are root on Debian or a kin of it."""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from amanat import processes
from amanat.setup.errors import PackagesMissing
from amanat.setup.progress import QUIET, Reporter, elapsed, stream

DEBIAN_KEYRINGS = tuple(Path(f"/usr/share/keyrings/debian-archive-keyring.{kind}") for kind in ("gpg", "pgp"))
OS_RELEASE = Path("/etc/os-release")
APT = ("apt-get", "-y", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=2")


def is_debian(os_release: Path = OS_RELEASE) -> bool:
    """Whether this is Debian, Ubuntu or one that calls itself like them, with apt at hand."""
    try:
        lines = os_release.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    values = {name: value.strip("\"'") for name, _, value in (line.partition("=") for line in lines)}
    family = {values.get("ID", ""), *values.get("ID_LIKE", "").split()}
    return bool(family & {"debian", "ubuntu"}) and shutil.which("apt-get") is not None


def may_install() -> bool:
    """Whether we can install packages without asking anyone."""
    return os.geteuid() == 0 and is_debian()


def ensure_commands(commands: Mapping[str, str], report: Reporter = QUIET) -> None:
    """See that each command is on PATH, else install the package it maps to. Raises PackagesMissing."""
    # A plain user's PATH lacks the system's own programs on Debian, which he may run all the same.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    missing = {package for command, package in commands.items() if not shutil.which(command, path=path)}
    if missing:
        ensure_packages(missing, report)


def how_to_install(names: Sequence[str]) -> str:
    """What an administrator does to have these packages of Debian's."""
    listed = " ".join(names)
    if is_debian():
        return f"As root: apt-get install --no-install-recommends {listed}"
    return f"Install them with your distribution's package manager (Debian's names: {listed})"


def ensure_packages(names: Iterable[str], report: Reporter = QUIET) -> None:
    """See that the distribution's packages are installed. Raises PackagesMissing saying how to get them."""
    if not may_install():
        listed = " ".join(sorted(names))
        raise PackagesMissing(
            what=f"these programs are missing: {listed}",
            where="this machine",
            fix=how_to_install(sorted(names)),
        )
    missing = sorted(name for name in names if not _installed(name))
    if not missing:
        return
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    listed = " ".join(missing)
    if any(Path("/var/lib/dpkg/updates").glob("[0-9]*")):  # an installation was killed half-way
        _run(["dpkg", "--configure", "-a"], env, "finishing an interrupted installation", report)
    _run([*APT, "update"], env, "reading package lists", report)
    _run([*APT, "install", "--no-install-recommends", *missing], env, f"installing {listed}", report)


def _installed(name: str) -> bool:
    asked = processes.run(
        ["dpkg-query", "--show", "--showformat=${db:Status-Status}", name], capture_output=True
    )
    return asked.stdout == "installed"


def _run(command: list[str], settings: Mapping[str, str], doing: str, report: Reporter) -> None:
    status, last = stream(
        command, settings=settings, tick=lambda seconds: report.tick(f"{doing}, {elapsed(seconds)}")
    )
    if status:
        raise PackagesMissing(
            what=f"{doing} failed ({command[0]} ended {status}):\n{last}",
            where="the distribution's packages",
            fix="Make that command work by itself (sources, disk space, a running apt); run it again.",
        )
