#!/bin/sh
# Every account may write the witness's record of the archive's heads.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[vault]
# finding: /var/lib/amanat/anchors/archive.jsonl is file 0666
set -eu
chmod 0666 /var/lib/amanat/anchors/archive.jsonl
# undo
chmod 0644 /var/lib/amanat/anchors/archive.jsonl
