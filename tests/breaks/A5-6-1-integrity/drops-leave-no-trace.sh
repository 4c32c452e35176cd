#!/bin/sh
# What is dropped is no longer logged: the trigger that tells of it is off.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: event trigger pgaudit_sql_drop is
set -eu
sql <<'END'
ALTER EVENT TRIGGER pgaudit_sql_drop DISABLE;
END
# undo
sql <<'END'
ALTER EVENT TRIGGER pgaudit_sql_drop ENABLE;
END
