#!/bin/sh
# The list of means of payment was given to the auditor to tend.
# host: store
# check: policies/union/test_currency.py::test_no_client_opens_or_closes_the_list[archive_auditor]
# finding: INSERT INTO archive.means
set -eu
sql <<'END'
GRANT INSERT ON archive.means TO archive_auditor;
END
# undo
sql <<'END'
REVOKE INSERT ON archive.means FROM archive_auditor;
END
