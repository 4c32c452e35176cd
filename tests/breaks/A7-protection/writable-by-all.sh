#!/bin/sh
# A permission was wrong, and 0777 is never wrong.
# host: vault
# check: policies/article7/test_hardening.py::test_nobody_else_may_write_the_systems_files
set -eu
install -d -m 0777 /opt/shared
# undo
rmdir /opt/shared
