#!/bin/sh
# A function of the same name as the server's lies in the archive's schema and digests nothing.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: function archive.sha512(bytea): code
set -eu
sql <<'END'
CREATE FUNCTION archive.sha512(bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS 'SELECT $1';
END
# undo
sql <<'END'
DROP FUNCTION archive.sha512(bytea);
END
