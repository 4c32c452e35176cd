#!/bin/sh
# Something lies behind a table's only segment, where the database never reads.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: nobody expects server: file base/5/1259.7: behind a segment
set -eu
install -o postgres -g postgres -m 0600 /srv/archive/postgresql/17/main/base/5/1259 /srv/archive/postgresql/17/main/base/5/1259.7
# undo
rm /srv/archive/postgresql/17/main/base/5/1259.7
