#!/bin/sh
# A copy of a table lies among the database's files under a number that no relation has.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: nobody expects server: file base/5/99999: is of no relation
set -eu
install -o postgres -g postgres -m 0600 /srv/archive/postgresql/17/main/base/5/1259 /srv/archive/postgresql/17/main/base/5/99999
# undo
rm /srv/archive/postgresql/17/main/base/5/99999
