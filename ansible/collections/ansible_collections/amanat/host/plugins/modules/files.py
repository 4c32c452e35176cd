#!/usr/bin/python
"""Write a set of configuration files in one call: validated together, replaced one by one."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
---
module: files
short_description: Write a set of configuration files
version_added: 0.1.0
description:
  - Writes each file whose content, mode or owner differs; makes missing parent directories (0755, root).
  - Every new content is validated before the first file is replaced, so a bad one leaves the set as it was.
author: Amanat (@amanat)
options:
  files:
    description: The files of the set.
    type: list
    elements: dict
    required: true
    suboptions:
      dest:
        description: Absolute path on the host.
        type: path
        required: true
      content:
        description: The whole content, ending in a newline. This or O(files[].source).
        type: str
      source:
        description: >-
          Absolute path of a file on the host to copy, a key for one. Its content doesn't leave the host and is in no
          diff.
        type: path
      mode:
        description: Permissions, in octal.
        type: str
        default: "0644"
      owner:
        description: Owner.
        type: str
        default: root
      group:
        description: Group.
        type: str
        default: root
      validate:
        description: Command that accepts the new content; C(%s) stands for the file. Run without a shell.
        type: str
attributes:
  check_mode:
    support: full
    description: Nothing is written; the result tells what would be.
  diff_mode:
    support: full
    description: One entry for each file that differs.
"""

EXAMPLES = r"""
- name: Write the sudo policy
  amanat.host.files:
    files:
      - dest: /etc/sudoers.d/auditor
        content: "{{ lookup('ansible.builtin.template', 'auditor.sudoers.j2') }}"
        mode: "0440"
        validate: visudo -cf %s
"""

RETURN = r"""
written:
  description: Paths whose content changed.
  type: list
  elements: str
  returned: always
"""

FILE_OPTIONS = {
    "dest": {"type": "path", "required": True},
    "content": {"type": "str"},
    "source": {"type": "path"},
    "mode": {"type": "str", "default": "0644"},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str", "default": "root"},
    "validate": {"type": "str"},
}


def current(path: str) -> str | None:
    """The file's content, None where there is no file."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def fill(module: AnsibleModule, wanted: dict) -> dict:
    """The wanted file with its content, that of its source where it has one."""
    if wanted["source"] is None:
        return wanted
    content = current(wanted["source"])
    # Check mode comes before the task that makes the source.
    if content is None and not module.check_mode:
        module.fail_json(msg=f"{wanted['dest']} is a copy of {wanted['source']}, which does not exist")
    return {**wanted, "content": content}


def stage(module: AnsibleModule, wanted: dict) -> str:
    """Write the new content to a file of its own and let its validator judge it; gives the path."""
    handle, path = tempfile.mkstemp(dir=module.tmpdir)
    with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(wanted["content"] or "")
    module.add_cleanup_file(path)
    if wanted["validate"]:
        command = [part.replace("%s", path) for part in shlex.split(wanted["validate"])]
        # On a bare host, check mode comes before the package that brings the validator.
        if not (module.check_mode and shutil.which(command[0]) is None):
            code, out, err = module.run_command(command)
            if code != 0:
                module.fail_json(msg=f"{wanted['dest']} is not valid: {(err or out).strip()}", rc=code)
    return path


def settle(module: AnsibleModule, wanted: dict) -> bool:
    """Bring the owner and mode of an existing file in line; tells whether they differed."""
    attributes = module.load_file_common_arguments({**wanted, "path": wanted["dest"]})
    return bool(module.set_fs_attributes_if_different(attributes, False))


def difference(wanted: dict, before: str | None) -> dict:
    """The diff of one file; of a copy only that it differs."""
    entry = {"before_header": wanted["dest"], "after_header": wanted["dest"]}
    if wanted["source"] is not None:
        return {**entry, "before": "", "after": f"(a copy of {wanted['source']})\n"}
    return {**entry, "before": before or "", "after": wanted["content"]}


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "files": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": FILE_OPTIONS,
                "mutually_exclusive": [("content", "source")],
                "required_one_of": [("content", "source")],
            }
        },
        supports_check_mode=True,
    )
    files = [fill(module, wanted) for wanted in module.params["files"]]
    before = {wanted["dest"]: current(wanted["dest"]) for wanted in files}
    # No content: a copy of what check mode finds not made yet.
    stale = [one for one in files if one["content"] is None or before[one["dest"]] != one["content"]]
    staged = {wanted["dest"]: stage(module, wanted) for wanted in stale}
    if not module.check_mode:
        os.umask(0o022)  # a host's stricter umask must not decide who may read /etc
        for dest in staged:
            os.makedirs(os.path.dirname(dest), mode=0o755, exist_ok=True)
        os.umask(0o077)  # a new file is its owner's alone until it has its mode
        for dest, path in staged.items():
            module.atomic_move(path, dest)
    settled = [settle(module, wanted) for wanted in files if os.path.exists(wanted["dest"])]
    module.exit_json(
        changed=bool(stale) or any(settled),
        written=[wanted["dest"] for wanted in stale],
        diff=[difference(wanted, before[wanted["dest"]]) for wanted in stale],
    )


if __name__ == "__main__":
    main()
