"""Where the kit keeps things on the controller: one private directory per stack, outside the checkout."""

import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from amanat.errors import BadInput

PROJECT_ROOT = Path(__file__).resolve().parent.parent
STACK_NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")


class BadStackName(BadInput):
    """The stack's name can't be part of host, network and file names."""


class NoHome(BadInput):
    """Nobody says where this user's files lie."""


class ForeignEnvironment(BadInput):
    """The command was copied along with a checkout and still belongs to the one it was made in."""


def require_own_checkout(program: Path) -> None:
    """Raise `ForeignEnvironment` for a `.venv/bin/amanat` that works on another checkout than the one it lies in."""
    directories = program.absolute().parents
    if len(directories) > 2 and directories[1].name == ".venv" and directories[2].resolve() != PROJECT_ROOT:
        raise ForeignEnvironment(
            what=f"this .venv was copied, and would work on {PROJECT_ROOT}",
            where=str(directories[1]),
            fix="Run `make env` here, which makes one of this checkout's own; then the command again.",
        )


def home() -> Path:
    """The kit's private directory: `AMANAT_HOME`, else `~/.local/share/amanat`."""
    chosen = os.environ.get("AMANAT_HOME")
    if chosen and not chosen.startswith("~"):
        return Path(chosen).resolve()
    own = user_home()
    return (Path(chosen).expanduser() if chosen else own / ".local/share/amanat").resolve()


def user_home() -> Path:
    """The user's home directory, there or not. Raises `NoHome` when HOME isn't set and the user has no entry."""
    try:
        return Path.home()
    except RuntimeError as error:
        fix = "Set HOME, or both AMANAT_HOME and XDG_CACHE_HOME, to directories of yours."
        raise NoHome("this user has no home directory", "HOME", fix) from error


def cache() -> Path:
    """What can be made again: root file systems and built tools."""
    return Path(os.environ.get("XDG_CACHE_HOME") or user_home() / ".cache") / "amanat"


@dataclass(frozen=True)
class StackPaths:
    """The files of one stack. Two checkouts never share a stack: the root's path is part of its id."""

    stack: str
    project: Path = field(default=PROJECT_ROOT)

    def __post_init__(self) -> None:
        if not STACK_NAME.fullmatch(self.stack):
            raise BadStackName(
                what=f"{self.stack!r} can't name a stack",
                where="the stack's name",
                fix="Use 1 to 20 lower-case letters, digits and hyphens, a letter first, e.g. local.",
            )

    @property
    def checkout_id(self) -> str:
        """Six hexadecimal digits that tell this checkout from others on the same machine."""
        return hashlib.sha256(str(self.project).encode()).hexdigest()[:6]

    @property
    def stack_id(self) -> str:
        """What every container, network and volume name starts with."""
        return f"{self.stack}-{self.checkout_id}"

    @property
    def settings_file(self) -> Path:
        """The operator's choices."""
        return self.project / f"Pulumi.{self.stack}.yaml"

    @property
    def directory(self) -> Path:
        return home() / self.stack_id

    @property
    def state(self) -> Path:
        """Pulumi's local backend of this checkout."""
        return home() / f"state-{self.checkout_id}"

    @property
    def passphrase(self) -> Path:
        return home() / f"state-{self.checkout_id}" / "passphrase"

    @property
    def lock(self) -> Path:
        return self.directory / "lock"

    @property
    def image_context(self) -> Path:
        return self.directory / "image"

    @property
    def ansible_artifacts(self) -> Path:
        """One directory per Ansible run."""
        return self.directory / "runs"

    @property
    def file_records(self) -> Path:
        """What each machine's files were when the last converge had ended: `<machine>.json`."""
        return self.directory / "files"

    def file_record(self, machine: str) -> Path:
        """The record of one machine."""
        return self.file_records / f"{machine}.json"

    @property
    def anchor_records(self) -> Path:
        """How far each machine's file of anchors had come when it was last on record: `<machine>.json`."""
        return self.directory / "anchors"

    @property
    def site_archive(self) -> Path:
        """The operator's rendered site, for the machine that serves it."""
        return self.directory / "site.tar"

    @property
    def inventory(self) -> Path:
        return self.directory / "inventory"

    @property
    def hosts_file(self) -> Path:
        return self.inventory / "hosts.yml"

    @property
    def ssh(self) -> Path:
        return self.directory / "ssh"

    @property
    def known_hosts(self) -> Path:
        return self.ssh / "known_hosts"

    @property
    def deploy_key(self) -> Path:
        return self.ssh / "deploy"

    @property
    def auditor_key(self) -> Path:
        return self.ssh / "auditor"

    @property
    def clients(self) -> Path:
        """Certificates that PostgreSQL clients show: `<role>.crt`, `<role>.key`, `ca.crt`."""
        return self.directory / "clients"

    @property
    def sealing(self) -> Path:
        """The operator's half of the sealing key, until it is moved to safer keeping."""
        return self.directory / "sealing"

    @property
    def sealing_private_key(self) -> Path:
        return self.sealing / "private.asc"

    @property
    def evidence_key(self) -> Path:
        return self.directory / "evidence.key"

    @property
    def evidence(self) -> Path:
        return self.project / "evidence" / self.stack
