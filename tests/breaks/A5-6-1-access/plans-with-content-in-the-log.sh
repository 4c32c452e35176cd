#!/bin/sh
# Slow statements are explained in the log, parameters and all, by a library that every session loads.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: role everyone in database archive: setting session_preload_libraries
set -eu
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
ALTER DATABASE archive SET session_preload_libraries = 'auto_explain';
END
# undo
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
ALTER DATABASE archive RESET session_preload_libraries;
END
