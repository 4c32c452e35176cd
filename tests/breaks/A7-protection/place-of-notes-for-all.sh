#!/bin/sh
# Somebody chases a lock of pgBackRest by opening its run directory; there lies what a probe looks for.
# host: vault
# check: policies/article7/test_hardening.py::test_nobody_else_may_write_the_systems_files[vault]
set -eu
chmod 0777 /run/pgbackrest
# undo
chmod 0750 /run/pgbackrest
