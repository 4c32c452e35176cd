#!/bin/sh
# The record of the archive's heads was opened to every account of the machine.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: /var/lib/amanat/heads/archive.jsonl is file 0644 root root
set -eu
chmod 0644 /var/lib/amanat/heads/archive.jsonl
# undo
chmod 0600 /var/lib/amanat/heads/archive.jsonl
