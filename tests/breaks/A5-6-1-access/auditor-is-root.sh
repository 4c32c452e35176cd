#!/bin/sh
# The auditor complained about missing rights and got them all.
# host: store
# check: policies/article5/test_access_rights.py::test_the_auditor_only_reads[store]
set -eu
echo 'auditor ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/zz-auditor
chmod 0440 /etc/sudoers.d/zz-auditor
# undo
rm /etc/sudoers.d/zz-auditor
