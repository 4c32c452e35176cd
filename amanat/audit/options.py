"""What an audit was asked to do: which hosts, which requirements, where evidence goes."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from amanat.audit.inventory import DEFAULT_USER
from amanat.errors import BadInput, shown
from amanat.evidence.run import new_name
from amanat.paths import PROJECT_ROOT, StackPaths

STACK_VARIABLE = "AMANAT_STACK"
DEFAULT_STACK = "local"
RUN_NAME = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{6}Z-[0-9a-f]{6}")
OUTSIDE = "inventory"  # evidence of hosts that no stack of ours made


def declare(parser: pytest.Parser) -> None:
    """Add the audit's options to pytest's."""
    group = parser.getgroup("amanat", "the audit")
    group.addoption(
        "--stack", metavar="NAME", help=f"stack to audit (default: ${STACK_VARIABLE} or {DEFAULT_STACK})"
    )
    group.addoption(
        "--inventory", metavar="FILE", help="audit the hosts of any Ansible inventory instead of a stack"
    )
    group.addoption(
        "--auditor-user", metavar="NAME", default=DEFAULT_USER, help="account on the hosts (%(default)s)"
    )
    group.addoption("--auditor-key", metavar="FILE", help="the account's private key (default: the stack's)")
    group.addoption(
        "--clients", metavar="DIR", help="client certificates to probe services with (default: the stack's)"
    )
    group.addoption("--sealing-key", metavar="FILE", help="OpenPGP private key that opens sealed content")
    group.addoption(
        "--sealing-passphrase-file",
        metavar="FILE",
        help="that key's passphrase (default: ask, if it has one)",
    )
    group.addoption(
        "--only", metavar="ID", action="append", default=[], help="audit this requirement only; repeatable"
    )
    group.addoption("--waivers", metavar="FILE", help="waivers (default: policies/waivers.yaml)")
    group.addoption("--evidence", metavar="DIR", help="where runs are kept (default: evidence/<stack>)")
    group.addoption(
        "--drills", metavar="DIR", help="signed evidence of restore drills (default: evidence/<stack>/drills)"
    )
    group.addoption(
        "--drills-key",
        metavar="FILE",
        help="the public key that signed them (default: the stack's evidence key)",
    )
    group.addoption("--run", metavar="NAME", help="the run's name (default: one made of the time)")
    group.addoption(
        "--json", metavar="FILE", dest="audit_json", help="also write the verdicts to FILE (- for stdout)"
    )


@dataclass(frozen=True)
class Options:
    """The audit's options with the stack's paths filled in."""

    stack: str
    inventory: Path
    auditor_user: str
    auditor_key: Path | None
    clients: Path | None
    sealing_key: Path | None
    sealing_passphrase_file: Path | None
    secrets: Path | None
    signing_key: Path
    evidence: Path
    drills: Path
    drills_key: Path
    waivers: Path
    only: tuple[str, ...]
    json: str | None
    run: str

    @classmethod
    def of(cls, config: pytest.Config) -> "Options":
        """Read them; raises `BadStackName` for a name that can't be one."""
        given = config.getoption
        named = given("--stack") or os.environ.get(STACK_VARIABLE)
        inventory = _path(given("--inventory"))
        paths = StackPaths(named or DEFAULT_STACK)
        ours = inventory is None
        stack = paths.stack if ours or named else OUTSIDE
        rows = PROJECT_ROOT / "evidence" / stack
        return cls(
            stack=stack,
            inventory=inventory or paths.hosts_file,
            auditor_user=given("--auditor-user"),
            auditor_key=_path(given("--auditor-key")) or (paths.auditor_key if ours else None),
            clients=_path(given("--clients")) or (paths.clients if ours else None),
            sealing_key=_path(given("--sealing-key")) or (paths.sealing_private_key if ours else None),
            sealing_passphrase_file=_path(given("--sealing-passphrase-file")),
            secrets=paths.inventory if ours else None,
            signing_key=paths.evidence_key,
            evidence=_path(given("--evidence")) or rows,
            drills=_path(given("--drills")) or rows / "drills",
            drills_key=_path(given("--drills-key")) or paths.evidence_key,
            waivers=_path(given("--waivers")) or PROJECT_ROOT / "policies" / "waivers.yaml",
            only=tuple(dict.fromkeys(given("--only"))),
            json=given("audit_json"),
            run=_run_name(given("--run")),
        )


def _run_name(given: str | None) -> str:
    if given and not RUN_NAME.fullmatch(given):
        raise BadInput(f"{shown(given)} can't name a run", "--run", "Leave it out.")
    return given or new_name()


def _path(given: str | None) -> Path | None:
    return Path(given).expanduser().absolute() if given else None
