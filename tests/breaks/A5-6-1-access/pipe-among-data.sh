#!/bin/sh
# A pipe stands among the database's files, by which something is led out.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: nobody expects /srv/archive/postgresql/17/main/pg_stat_tmp/feed: pipe 0644 postgres postgres
set -eu
mkfifo -m 0644 /srv/archive/postgresql/17/main/pg_stat_tmp/feed
chown postgres:postgres /srv/archive/postgresql/17/main/pg_stat_tmp/feed
# undo
rm /srv/archive/postgresql/17/main/pg_stat_tmp/feed
