#!/bin/sh
# A shell that runs as root was left behind.
# host: store
# check: policies/article7/test_protection.py::test_no_needless_program_runs_with_anothers_rights[store]
set -eu
install --owner=root --group=root --mode=4755 /bin/dash /usr/local/bin/maintenance
# undo
rm /usr/local/bin/maintenance
