#!/bin/sh
# An index that verification needs is marked as one that can't be used.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: index archive.event_xact is CREATE INDEX event_xact ON archive.event USING btree (xact), not valid
set -eu
sql <<'END'
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'archive.event_xact'::regclass;
END
# undo
sql <<'END'
UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'archive.event_xact'::regclass;
END
