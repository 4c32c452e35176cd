#!/bin/sh
# For his statistics an auditor may read who wrote to whom: two columns, not the table.
# host: store
# check: policies/article5/test_access_rights.py::test_no_relation_of_the_archive_is_open_to_another_role
set -eu
sql <<'END'
GRANT SELECT (origin, destination) ON archive.message TO archive_auditor;
END
# undo
sql <<'END'
REVOKE SELECT (origin, destination) ON archive.message FROM archive_auditor;
END
