#!/bin/sh
# The guard is stopped since it ended a long job's transaction: now any session can hold up the chain.
# host: store
# check: policies/article5/test_integrity.py::test_nobody_holds_up_the_chain
set -eu
systemctl stop amanat-postgresql-guard.service
# undo
systemctl start amanat-postgresql-guard.service
