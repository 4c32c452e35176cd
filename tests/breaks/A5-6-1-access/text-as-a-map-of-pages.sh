#!/bin/sh
# A text lies among the database's files, named like a map of the free room of one of them.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: nobody expects server: file base/5/1417_fsm: holds no pages
set -eu
test ! -e /srv/archive/postgresql/17/main/base/5/1417_fsm
install -o postgres -g postgres -m 0600 /etc/services /srv/archive/postgresql/17/main/base/5/1417_fsm
# undo
rm /srv/archive/postgresql/17/main/base/5/1417_fsm
