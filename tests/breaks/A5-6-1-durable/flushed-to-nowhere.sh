#!/bin/sh
# A table that makes commits wait for the disk is no longer logged, so they don't.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: table archive.flush_0 is unlogged, heap
set -eu
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
ALTER TABLE archive.flush_0 SET UNLOGGED;
END
# undo
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
ALTER TABLE archive.flush_0 SET LOGGED;
END
