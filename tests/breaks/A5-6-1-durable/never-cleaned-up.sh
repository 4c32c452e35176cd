#!/bin/sh
# Cleaning up was in the way of an import and was turned off for a table, until its numbers run out.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: table archive.event: option autovacuum_enabled: off
set -eu
sql <<'END'
ALTER TABLE archive.event SET (autovacuum_enabled = off);
END
# undo
sql <<'END'
ALTER TABLE archive.event RESET (autovacuum_enabled);
END
