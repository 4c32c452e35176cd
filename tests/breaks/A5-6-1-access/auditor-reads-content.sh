#!/bin/sh
# The auditor was to count something quickly and got the right to read.
# host: store
# check: policies/article5/test_access_rights.py::test_no_role_reads_the_tables[archive_auditor-message]
set -eu
sql <<'END'
GRANT SELECT ON archive.message TO archive_auditor;
END
# undo
sql <<'END'
REVOKE SELECT ON archive.message FROM archive_auditor;
END
