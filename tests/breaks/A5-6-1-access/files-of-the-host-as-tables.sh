#!/bin/sh
# An extension shows files of the host as tables, the private keys of TLS among them.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: extension file_fdw
# finding: archive: foreign-data wrapper file_fdw
set -eu
sql <<'END'
CREATE EXTENSION file_fdw SCHEMA public;
END
# undo
sql <<'END'
DROP EXTENSION file_fdw;
END
