#!/bin/sh
# A month of long ago was brought back from a backup for somebody, and is still there.
# host: store
# check: policies/article6/test_purge.py::test_nothing_stays_beyond_its_retention_but_what_is_held
# finding: days ago and was to be kept for
set -eu
sql > /run/amanat-break.month <<'END'
SELECT archive.partition_of('message', archive.month_of(now() - interval '2000 days'));
END
echo "SET ROLE archive_owner; SELECT archive.make_partition('message', archive.month_of(now() - interval '2000 days'))" | sql
# undo
echo "DROP TABLE archive.$(cat /run/amanat-break.month)" | sql
rm /run/amanat-break.month
