"""The Ansible inventory: what the roles are told of each host. On disk it holds no secret."""

import json
import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import yaml

from amanat import environment
from amanat.paths import PROJECT_ROOT, StackPaths
from amanat.secrets_socket import receive_secrets

HEADER = "# Made by the stack's program; a change here is lost at the next `pulumi up`."
SSH_OPTIONS = (
    "-F none -o IdentityAgent=none -o GlobalKnownHostsFile=/dev/null"  # nothing of the person's or the machine's own
    " -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes -o BatchMode=yes"
    " -o HostKeyAlgorithms=ssh-ed25519 -o ServerAliveInterval=15"
)


class Secrets(TypedDict):
    """Secret variables by who gets them: groups (`all` and services) and single machines."""

    groups: dict[str, dict[str, Any]]
    machines: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Group:
    """An inventory group: its machines, and the variables that they have as its members."""

    machines: tuple[str, ...]
    variables: Mapping[str, Any]

    def as_tree(self) -> dict[str, Any]:
        return {"hosts": {name: {} for name in self.machines}, "vars": dict(self.variables)}


def inventory_text(
    paths: StackPaths,
    shared: Mapping[str, Any],
    machines: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, Group],
) -> str:
    """The inventory as YAML: `shared` variables, each machine's own, and a group for each service."""
    access = {
        "ansible_user": "deploy",
        "ansible_ssh_private_key_file": str(paths.deploy_key),
        "ansible_ssh_common_args": ssh_arguments(paths.known_hosts),
        "ansible_python_interpreter": "/usr/bin/python3",
        # ansible-runner switches it off in the environment, and ssh takes the first option it is given.
        "ansible_host_key_checking": True,
        # Here as well as in ansible.cfg: the inventory must do with a plain `ansible-playbook` from anywhere.
        "ansible_pipelining": True,
        "ansible_remote_tmp": "/tmp",  # noqa: S108 (as the configuration has it, and why)
        "ansible_no_target_syslog": True,
    }
    tree = {
        "vars": {**access, **shared},
        "hosts": {name: dict(own) for name, own in machines.items()},
        "children": {name: group.as_tree() for name, group in groups.items()},
    }
    text = yaml.dump({"all": tree}, Dumper=_Blocks, allow_unicode=True, sort_keys=True, width=1000)
    return f"{HEADER}\n{text}"


def scratch_inventory_text(known_hosts: Path, name: str, variables: Mapping[str, Any]) -> str:
    """An inventory to be given beside the stack's own: one more machine, with its key pinned in a file of its own."""
    own = {**variables, "ansible_ssh_common_args": ssh_arguments(known_hosts)}
    return yaml.dump({"all": {"hosts": {name: own}}}, Dumper=_Blocks, allow_unicode=True, width=1000)


def ssh_arguments(known_hosts: Path) -> str:
    """How ssh is called: only pinned keys count."""
    return f"{SSH_OPTIONS} {_pinned(known_hosts)}"


def _pinned(known_hosts: Path) -> str:
    """The option that names the pinned keys. ssh splits its value at blanks and expands % (ssh_config(5))."""
    path = str(known_hosts).replace("%", "%%")
    if shlex.quote(path) != path:
        escaped = path.replace("\\", "\\\\").replace('"', '\\"')
        path = f'"{escaped}"'
    return f"-o {shlex.quote(f'UserKnownHostsFile={path}')}"


class _Blocks(yaml.SafeDumper):
    """Writes texts of several lines, certificates above all, as blocks that a person can read."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Blocks.add_representer(str, _text)


def known_hosts_text(endpoints: Mapping[tuple[str, int], str]) -> str:
    """The pinned host keys in OpenSSH's format (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT)."""
    return "".join(f"[{host}]:{port} {key}\n" for (host, port), key in sorted(endpoints.items()))


def secrets_source(paths: StackPaths) -> str:
    """A dynamic inventory source that hands Ansible the stack's secrets without a file that holds them."""
    settings = {
        "AMANAT_HOME": str(paths.directory.parent),
        "PULUMI_BACKEND_URL": os.environ.get("PULUMI_BACKEND_URL") or f"file://{paths.state}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE")
        or str(paths.passphrase),
    }
    exports = "unset PULUMI_CONFIG_PASSPHRASE\n"  # it would win over the file
    exports += "".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings.items())
    command = shlex.join([sys.executable, "-m", "amanat.inventory", paths.stack])
    purpose = "# Prints the stack's secrets as Ansible's dynamic inventory; keeps none."
    return f"#!/bin/sh\n{purpose}\n{exports}exec {command}\n"


def secrets_document(secrets: Secrets) -> str:
    """Ansible's dynamic inventory document: each secret is a variable of the groups or machines that need it."""
    groups = {name: {"vars": values} for name, values in secrets["groups"].items()}
    # Ansible asks `_meta` only of hosts that the document itself lists.
    every = {"hosts": list(secrets["machines"]), **groups.get("all", {})}
    return json.dumps({"_meta": {"hostvars": secrets["machines"]}, **groups, "all": every})


def current_secrets(stack: str) -> Secrets:
    """The secrets of a running `pulumi up`, else those of the stack's state."""
    document = receive_secrets()
    if document is not None:
        secrets: Secrets = json.loads(document)
        return secrets
    from amanat.stack import Stack  # a run in progress must not load the engine's client

    return Stack(StackPaths(stack)).secrets()


if __name__ == "__main__":
    environment.adopt()
    os.chdir(PROJECT_ROOT)
    sys.stdout.write(secrets_document(current_secrets(sys.argv[1])))
