#!/bin/sh
# The auditor was to see what pgaudit sees, and got the role whose rights are what is noted.
# host: store
# check: policies/article5/test_access_rights.py::test_no_role_takes_on_another
set -eu
sql <<'END'
GRANT archive_audited TO archive_auditor;
END
# undo
sql <<'END'
REVOKE archive_audited FROM archive_auditor;
END
