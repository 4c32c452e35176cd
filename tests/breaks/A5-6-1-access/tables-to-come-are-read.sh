#!/bin/sh
# Whatever table is made next, a partition of next month too, lies open to the auditor.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: default privileges of archive_owner for tables in schema archive: rights of archive_auditor
set -eu
sql <<'END'
ALTER DEFAULT PRIVILEGES FOR ROLE archive_owner IN SCHEMA archive GRANT SELECT ON TABLES TO archive_auditor;
END
# undo
sql <<'END'
ALTER DEFAULT PRIVILEGES FOR ROLE archive_owner IN SCHEMA archive REVOKE SELECT ON TABLES FROM archive_auditor;
END
