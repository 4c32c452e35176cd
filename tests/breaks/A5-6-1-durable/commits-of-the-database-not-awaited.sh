#!/bin/sh
# For the bulk import of a weekend, no session of the database waits for its commits.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: role everyone in database archive: setting synchronous_commit: off
set -eu
sql <<'END'
ALTER DATABASE archive SET synchronous_commit = off;
END
# undo
sql <<'END'
ALTER DATABASE archive RESET synchronous_commit;
END
