#!/usr/bin/python
"""Install the package of the hosts' programs where another version, or a changed one, is installed."""

from __future__ import annotations

import os
import time

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
---
module: package
short_description: Install the package of the hosts' programs
version_added: 0.1.0
description:
  - Builds a Debian package from a directory of sources on the controller, and installs it where the host has another
    version of it, or one whose files were changed. What an earlier version brought and this one lacks is removed.
  - An installation that was killed is completed by the next run.
author: Amanat (@amanat)
options:
  source:
    description: Directory of the sources on the controller.
    type: path
  name:
    description: The package's name. Set by the controller's half.
    type: str
  version:
    description: The version that is wanted. Set by the controller's half.
    type: str
  deb:
    description: Path of the package on the host; without it the host only tells. Set by the controller's half.
    type: path
attributes:
  check_mode:
    support: full
    description: Nothing is installed; the result tells what would be.
"""

EXAMPLES = r"""
- name: Install the programs
  amanat.host.package:
    source: "{{ playbook_dir }}/../host"
"""

RETURN = r"""
version:
  description: The version that is wanted.
  type: str
  returned: always
installed:
  description: The version that was installed before, empty where none was whole.
  type: str
  returned: always
tampered:
  description: What dpkg found changed of its files.
  type: list
  elements: str
  returned: always
"""

C_LOCALE = {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
LOCK_SECONDS = 300  # an upgrade of the daily run, or an installation that a killed run left going
LOCKED = "locked by another process"


def installed(module: AnsibleModule, name: str) -> str:
    """The version that is installed and configured; empty for none."""
    command = ["dpkg-query", "--show", "--showformat", "${db:Status-Abbrev} ${Version}", name]
    code, out, _ = module.run_command(command, environ_update=C_LOCALE)
    status, _, version = out.partition(" ") if code == 0 else ("", "", "")
    return version.strip() if status == "ii" else ""


def changed_files(module: AnsibleModule, name: str) -> list[str]:
    """The files of the package that are not as it brought them."""
    _, out, err = module.run_command(["dpkg", "--verify", name], environ_update=C_LOCALE)
    changed = [line.split()[-1] for line in (out + err).splitlines() if line.strip()]
    _, out, _ = module.run_command(["dpkg-query", "--listfiles", name], environ_update=C_LOCALE)
    return sorted({*changed, *(path for path in out.splitlines() if is_loose(path))})


def is_loose(path: str) -> bool:
    """Whether a file or directory is not root's, may be written by others, or can't be read by them."""
    try:
        facts = os.lstat(path)
    except FileNotFoundError:
        return True
    return (
        facts.st_uid != 0 or facts.st_gid != 0 or facts.st_mode & 0o022 != 0 or facts.st_mode & 0o444 != 0o444
    )  # noqa: PLR2004


def install(module: AnsibleModule, deb: str) -> None:
    """Let dpkg install a package, when nobody else does."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        code, out, err = module.run_command(["dpkg", "--install", deb], environ_update=C_LOCALE)
        if code == 0:
            return
        if LOCKED not in err or time.monotonic() > deadline:
            module.fail_json(
                msg=f"dpkg could not install the hosts' programs: {(err or out).strip()}", rc=code
            )
        time.sleep(1)


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "source": {"type": "path"},
            "name": {"type": "str"},
            "version": {"type": "str"},
            "deb": {"type": "path"},
        },
        supports_check_mode=True,
    )
    name, version, deb = (module.params[key] for key in ("name", "version", "deb"))
    before = installed(module, name)
    tampered = changed_files(module, name) if before == version else []
    differs = before != version or bool(tampered)
    if differs and deb and not module.check_mode:
        install(module, deb)
    module.exit_json(changed=differs, version=version, installed=before, tampered=tampered)


if __name__ == "__main__":
    main()
