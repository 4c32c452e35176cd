#!/bin/sh
# Who discloses may let others disclose.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: function archive.fetch_disclosure(bigint): rights of archive_discloser is EXECUTE*
set -eu
sql <<'END'
GRANT EXECUTE ON FUNCTION archive.fetch_disclosure(bigint) TO archive_discloser WITH GRANT OPTION;
END
# undo
sql <<'END'
REVOKE GRANT OPTION FOR EXECUTE ON FUNCTION archive.fetch_disclosure(bigint) FROM archive_discloser;
END
