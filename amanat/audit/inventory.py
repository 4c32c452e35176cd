"""Finds the hosts to audit in an Ansible inventory, as Ansible itself reads it."""

import json
import shlex
import sys
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from amanat import ansible_environment, processes
from amanat.errors import BadInput
from amanat.inventory import HEADER
from amanat.placement import LABEL

DEFAULT_USER = "auditor"
SSH_PORT = 22
LISTING_SECONDS = 300.0  # a dynamic source may ask a cloud


class BadInventory(BadInput):
    """The inventory can't be read, or doesn't say how to reach a host."""


@dataclass(frozen=True)
class AuditedHost:
    """One host of the inventory and how the auditor reaches it over SSH."""

    name: str
    address: str
    port: int
    user: str
    key: Path | None
    ssh_arguments: tuple[str, ...]
    groups: frozenset[str]
    variables: Mapping[str, Any]

    def carries(self, service: str) -> bool:
        """Whether this machine is in the service's group, or named after it where an inventory has no groups."""
        return service in self.groups or service == self.name


def read(path: Path, user: str = DEFAULT_USER, key: Path | None = None) -> dict[str, AuditedHost]:
    """The hosts of the inventory at `path`, reached as `user` with `key` whatever account Ansible uses.

    Raises `BadInventory` for a file that Ansible can't read or that names no host.
    """
    if not path.exists():
        raise BadInventory("there is no inventory", str(path), "Run `make up`, or give --inventory FILE.")
    listing = _ours(path) or _listing(path)
    variables = listing.get("_meta", {}).get("hostvars", {})
    groups = _groups(listing)
    if not groups:
        raise BadInventory("the inventory names no host", str(path), "Give an Ansible inventory with hosts.")
    return {
        name: _target(name, variables.get(name, {}), groups[name], user, key, path) for name in sorted(groups)
    }


def _ours(path: Path) -> dict[str, Any] | None:
    """What Ansible would say of the file that the stack's program writes; None for any other. It saves a second."""
    if not path.is_file():
        return None
    text = path.read_text("utf-8", "replace")
    beside = any((path.parent / name).exists() for name in ("group_vars", "host_vars"))
    if beside or text.partition("\n")[0] != HEADER:
        return None
    try:
        return _listed(yaml.safe_load(text)["all"])
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError):
        return None  # changed by hand: Ansible judges


def _listed(tree: Mapping[str, Any]) -> dict[str, Any]:
    """A tree as `inventory_text` makes it, in the shape of ansible-inventory's listing. Raises for any other."""
    named = all(LABEL.fullmatch(name) for name in tree["hosts"])  # not a[1:9], which stands for nine
    if not named or not _is_flat(tree["children"], tree["hosts"]):
        raise ValueError("not as the program writes it")
    known = {name: dict(tree["vars"]) for name in tree["hosts"]}
    for _, group in sorted(tree["children"].items()):  # as Ansible does: by name, the machine's own last
        for name in group["hosts"]:
            known[name] |= group["vars"]
    for name, own in tree["hosts"].items():
        known[name] |= own
    groups = {name: {"hosts": list(group["hosts"])} for name, group in tree["children"].items()}
    alone = [name for name in known if not any(name in group["hosts"] for group in groups.values())]
    return {
        "_meta": {"hostvars": known},
        "all": {"children": ["ungrouped", *groups]},
        "ungrouped": {"hosts": alone},
        **groups,
    }


def _is_flat(groups: Mapping[str, Any], machines: Collection[str]) -> bool:
    """Whether groups have nothing but variables and machines that are listed above them."""
    return all(
        set(group) == {"hosts", "vars"}
        and set(group["hosts"]) <= set(machines)
        and not any(group["hosts"].values())
        for group in groups.values()
    )


def _listing(path: Path) -> dict[str, Any]:
    beside = Path(sys.executable).with_name("ansible-inventory")
    program = str(beside) if beside.exists() else "ansible-inventory"
    try:
        with tempfile.TemporaryDirectory(prefix="amanat-", ignore_cleanup_errors=True) as home:
            done = processes.run(
                [program, "-i", str(path), "--list"],
                seconds=LISTING_SECONDS,
                settings={
                    **ansible_environment.settings(Path(home)),
                    "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true",
                },
                own=True,
                capture_output=True,
            )
    except FileNotFoundError as error:
        raise BadInventory("ansible-inventory is not installed", program, "Run `make tools`.") from error
    except processes.TimedOut as error:
        raise BadInventory(error.what, str(path), "See why its source hangs.") from error
    if done.returncode:
        message = " ".join(done.stderr.split())
        raise BadInventory(f"Ansible can't read the inventory: {message}", str(path), "Correct the file.")
    listing: dict[str, Any] = json.loads(done.stdout)
    return listing


def _groups(listing: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """The groups of every host, those inherited from child groups included."""
    found: dict[str, set[str]] = {}

    def walk(group: str, above: frozenset[str]) -> None:
        if group in above:
            return
        own = listing.get(group, {})
        for host in own.get("hosts", []):
            found.setdefault(host, set()).update(above | {group})
        for child in own.get("children", []):
            walk(child, above | {group})

    walk("all", frozenset())
    return {host: frozenset(groups) for host, groups in found.items()}


def _target(
    name: str, variables: Mapping[str, Any], groups: frozenset[str], user: str, key: Path | None, path: Path
) -> AuditedHost:
    address = _literal(name, variables, "ansible_host", path) or name
    port = _literal(name, variables, "ansible_port", path) or str(SSH_PORT)
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise BadInventory(f"ansible_port = {port!r} of {name} is not a port", str(path), "Give 1 to 65535.")
    if address.startswith("-"):
        raise BadInventory(
            f"ansible_host = {address!r} of {name} is not an address", str(path), "Correct it."
        )
    arguments = [
        *shlex.split(_literal(name, variables, "ansible_ssh_common_args", path)),
        *shlex.split(_literal(name, variables, "ansible_ssh_extra_args", path)),
    ]
    return AuditedHost(name, address, int(port), user, key, tuple(arguments), groups, variables)


def _literal(name: str, variables: Mapping[str, Any], variable: str, path: Path) -> str:
    value = str(variables.get(variable, "") or "")
    if "{{" in value:
        raise BadInventory(
            f"{variable} of {name} is a template, which only a playbook resolves",
            str(path),
            f"Write the value of {variable} itself.",
        )
    return value
