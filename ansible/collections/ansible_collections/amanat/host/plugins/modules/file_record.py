#!/usr/bin/python
"""Documentation of the action plugin of this name; nothing of it runs on a machine."""

DOCUMENTATION = r"""
---
module: file_record
short_description: Keep a record of a machine's files on the controller
version_added: 0.1.0
description:
  - Reads the digests of the files that no package brought from the machine, and which keys, journals and baselines
    of files it keeps, and writes them to a file on the controller, which only its owner may read. The audit compares
    the machine with it.
  - A run takes into the record what changed since it began. What had changed before stays as it was on record.
author: Amanat (@amanat)
options:
  path:
    description: The record's file on the controller. The beginning of a run is noted beside it.
    type: path
    required: true
  state:
    description: Whether a run begins, or has ended and what it changed is taken.
    type: str
    choices: [begun, taken]
    required: true
attributes:
  check_mode:
    support: full
    description: Nothing is read and nothing is kept.
"""

EXAMPLES = r"""
- name: Note the beginning
  amanat.host.file_record:
    path: /home/operator/stack/files/store.json
    state: begun
"""

RETURN = r"""
unexplained:
  description: Files whose change no run explains.
  returned: when taken
  type: list
  elements: str
taken:
  description: How many digests were taken into the record.
  returned: when taken
  type: int
"""
