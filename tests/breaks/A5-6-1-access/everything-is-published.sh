#!/bin/sh
# A standby of the search engine is to follow the tables.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: publication search: owner postgres, all tables
set -eu
sql <<'END'
SET client_min_messages = error;
CREATE PUBLICATION search FOR ALL TABLES;
END
# undo
sql <<'END'
DROP PUBLICATION search;
END
