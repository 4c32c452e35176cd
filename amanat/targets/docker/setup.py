"""A Docker Engine that answers: the user's own if there is one, else the distribution's if we may."""

import json
import os
import socket
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException

from amanat.locks import file_lock
from amanat.paths import user_home
from amanat.setup.errors import SetupError
from amanat.setup.packages import (
    DEBIAN_KEYRINGS,
    ensure_commands,
    ensure_packages,
    is_debian,
    may_install,
)
from amanat.setup.progress import QUIET, Reporter
from amanat.targets.docker import daemon
from amanat.targets.docker.daemon import EngineMissing

DEFAULT_SOCKET = "unix:///var/run/docker.sock"
ANSWER_SECONDS = 10
PACKAGES = {"dockerd": "docker.io", "iptables": "iptables"}


@dataclass(frozen=True)
class Engine:
    """An engine: its address as DOCKER_HOST takes it, its version ("": not asked), its directory of certificates."""

    host: str
    version: str
    certificates: str = ""

    def environment(self) -> dict[str, str]:
        """Variables that lead the Docker SDK, the `docker` command and Pulumi's provider to this engine."""
        chosen = {"DOCKER_HOST": self.host}
        if self.certificates:
            chosen |= {"DOCKER_CERT_PATH": self.certificates, "DOCKER_TLS_VERIFY": "1"}
        return chosen


@dataclass(frozen=True)
class Address:
    """Where an engine is to be looked for, and which setting of the user says so ("" = none does)."""

    host: str
    chosen_by: str = ""
    certificates: str = ""


def address(env: Mapping[str, str] = os.environ) -> Address:
    """Find the engine's address as `docker` does: DOCKER_HOST, DOCKER_CONTEXT, the current context.

    Raises SetupError for a context that isn't there.
    """
    if host := env.get("DOCKER_HOST", "").strip():
        verified = env.get("DOCKER_CERT_PATH", "") if env.get("DOCKER_TLS_VERIFY") else ""
        return Address(host, "DOCKER_HOST", verified)
    directory = Path(env.get("DOCKER_CONFIG") or user_home() / ".docker")
    name, where = env.get("DOCKER_CONTEXT", "").strip(), "DOCKER_CONTEXT"
    if not name:
        name, where = (
            str(_json(directory / "config.json").get("currentContext", "")),
            str(directory / "config.json"),
        )
    if name in ("", "default"):
        return Address(DEFAULT_SOCKET)
    for meta in sorted((directory / "contexts" / "meta").glob("*/meta.json")):
        context = _json(meta)
        host = str(context.get("Endpoints", {}).get("docker", {}).get("Host", ""))
        if context.get("Name") == name and host:
            certificates = directory / "contexts" / "tls" / meta.parent.name / "docker"
            return Address(host, f"Docker context {name}", str(certificates) if certificates.is_dir() else "")
    raise SetupError(
        what=f"Docker's context {name!r} isn't known",
        where=where,
        fix="Choose one that `docker context ls` shows (docker context use default), or set DOCKER_HOST.",
    )


def default_engine(env: Mapping[str, str] = os.environ) -> Engine:
    """The engine that `engine` would try first. Raises SetupError for a context that isn't there."""
    place = address(env)
    return Engine(place.host, "", place.certificates)


def ensure_bootstrap_programs(report: Reporter) -> None:
    """Install what makes the machines' root file system.

    Without root we go on: a pulled image needs none of it, and who needs it says so.
    """
    if may_install():
        ensure_commands({"mmdebstrap": "mmdebstrap"}, report)
        if not any(path.exists() for path in DEBIAN_KEYRINGS):
            ensure_packages(["debian-archive-keyring"], report)


def engine(report: Reporter = QUIET, env: Mapping[str, str] = os.environ) -> Engine:
    """Return an engine that answers; as root on Debian or Ubuntu, install and start the distribution's first.

    Raises EngineMissing saying what to do, or PackagesMissing if the installation fails.
    """
    place = address(env)
    try:
        return connect(place)
    except EngineMissing as missing:
        if place.chosen_by or not _startable(missing):
            raise
    with file_lock(
        Path("/run/lock/amanat-engine.lock"), lambda holder: report.tick("another run is starting the engine")
    ):
        try:
            return connect(place)  # the other run did it
        except EngineMissing:
            ensure_commands(PACKAGES, report)
        try:
            return connect(place)  # its package may start it
        except EngineMissing:
            report.note("no Docker Engine answers: starting the installed one")
            daemon.start(daemon.Daemon(), lambda: _answers(place), report)
        return connect(place)


def connect(place: Address) -> Engine:
    """Ask the engine for its version. Raises EngineMissing with the reason."""
    try:
        _knock(place)
        with closing(_client(place)) as client:
            version = str(client.version()["Version"])
    except (DockerException, OSError, ValueError, KeyError) as error:
        raise _missing(place, error) from error
    return Engine(place.host, version, place.certificates)


def _knock(place: Address) -> None:
    """Raise OSError if nobody listens at a local socket: Docker's client leaks its own then."""
    scheme, _, path = place.host.partition("://")
    if scheme == "unix":
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.settimeout(ANSWER_SECONDS)
            knocking.connect(path)


def _client(place: Address) -> docker.DockerClient:
    tls: docker.tls.TLSConfig | None = None
    if place.certificates:
        at = Path(place.certificates)
        tls = docker.tls.TLSConfig(
            client_cert=(str(at / "cert.pem"), str(at / "key.pem")), ca_cert=str(at / "ca.pem"), verify=True
        )
    over_ssh = place.host.startswith("ssh://")
    return docker.DockerClient(
        base_url=place.host, tls=tls or False, timeout=ANSWER_SECONDS, use_ssh_client=over_ssh
    )


def _answers(place: Address) -> bool:
    try:
        connect(place)
    except EngineMissing:
        return False
    return True


def _startable(missing: EngineMissing) -> bool:
    return os.geteuid() == 0 and is_debian() and not isinstance(_root_of(missing), PermissionError)


def _missing(place: Address, error: BaseException) -> EngineMissing:
    root = _root_of(error)
    if place.chosen_by:
        fix = f"Start that engine, or correct or unset {place.chosen_by}."
    elif isinstance(root, PermissionError):
        fix = "Run as root, or let an administrator add you to the group docker (then log in again)."
    elif is_debian():
        fix = "As root: apt-get install --no-install-recommends docker.io iptables; or run this as root."
    else:
        fix = "Install your distribution's Docker Engine and start it, or set DOCKER_HOST to one elsewhere."
    where = f"{place.host}, from {place.chosen_by}" if place.chosen_by else place.host
    return EngineMissing(what=f"no Docker Engine answers: {_words(root)}", where=where, fix=fix)


def _root_of(error: BaseException) -> BaseException:
    """The operating system's own error below the libraries' layers, or the outermost when there is none."""
    seen: list[BaseException] = [error]
    for one in seen:  # grows while we look
        if isinstance(one, OSError) and one.errno:
            return one
        inner = [one.__cause__, one.__context__, *one.args]
        seen += [each for each in inner if isinstance(each, BaseException) and each not in seen]
    return error


def _words(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno) if error.errno > 0 else str(error.args[-1])
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
