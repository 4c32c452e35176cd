#!/bin/sh
# A table that makes commits wait for the disk is no longer logged, so they don't.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: table archive.flush_0 is unlogged, heap
set -eu
sql <<'END'
ALTER TABLE archive.flush_0 SET UNLOGGED;
END
# undo
sql <<'END'
ALTER TABLE archive.flush_0 SET LOGGED;
END
