#!/bin/sh
# Slow statements are explained in the log, parameters and all, by a library that every session loads.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: role everyone in database archive: setting session_preload_libraries
set -eu
sql <<'END'
ALTER DATABASE archive SET session_preload_libraries = 'auto_explain';
END
# undo
sql <<'END'
ALTER DATABASE archive RESET session_preload_libraries;
END
