#!/bin/sh
# The function that discloses runs as the superuser.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: function archive.request_disclosure(text, date, text, jsonb): owner is postgres
set -eu
sql <<'END'
ALTER FUNCTION archive.request_disclosure(text, date, text, jsonb) OWNER TO postgres;
END
# undo
sql <<'END'
ALTER FUNCTION archive.request_disclosure(text, date, text, jsonb) OWNER TO archive_owner;
END
