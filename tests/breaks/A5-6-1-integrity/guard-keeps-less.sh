#!/bin/sh
# What the guard takes for right was changed, so it lifts the writer's limit itself.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: guard of role archive_writer: setting statement_timeout is missing
# finding: role archive_writer in any database: setting statement_timeout is missing
set -eu
sql postgres <<'END'
UPDATE guard.role SET settings = settings - 'statement_timeout' WHERE name = 'archive_writer';
END
limited() { echo "SELECT 1 FROM pg_db_role_setting WHERE setrole = 'archive_writer'::regrole AND 'statement_timeout=10s' = ANY (setconfig)" | sql postgres; }
while [ -n "$(limited)" ]; do sleep 0.2; done
# undo
sql postgres <<'END'
UPDATE guard.role SET settings = settings || '{"statement_timeout": "10s"}' WHERE name = 'archive_writer';
END
limited() { echo "SELECT 1 FROM pg_db_role_setting WHERE setrole = 'archive_writer'::regrole AND 'statement_timeout=10s' = ANY (setconfig)" | sql postgres; }
while [ -z "$(limited)" ]; do sleep 0.2; done
