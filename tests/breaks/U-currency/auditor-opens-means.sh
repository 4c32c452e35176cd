#!/bin/sh
# The list of means of payment was given to the auditor to tend.
# host: store
# check: policies/union/test_currency.py::test_no_client_opens_or_closes_the_list[archive_auditor]
# finding: INSERT INTO archive.means
set -eu
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
GRANT INSERT ON archive.means TO archive_auditor;
END
# undo
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
REVOKE INSERT ON archive.means FROM archive_auditor;
END
