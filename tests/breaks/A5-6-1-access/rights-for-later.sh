#!/bin/sh
# A file with an odd name beside sudo's rules waits until somebody takes the dot out of it.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: nobody expects /etc/sudoers.d/90-auditor.off
set -eu
printf 'auditor ALL=(ALL) NOPASSWD: ALL\n' > /etc/sudoers.d/90-auditor.off
chmod 0440 /etc/sudoers.d/90-auditor.off
# undo
rm /etc/sudoers.d/90-auditor.off
