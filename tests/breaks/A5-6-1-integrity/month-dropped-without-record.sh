#!/bin/sh
# A month of transactions is gone, and nothing says who let it go. It was of the future: no record is lost by this test.
# host: store
# check: policies/article5/test_integrity_rows.py::test_every_row_of_state_follows_from_events
# finding: months of transaction is
set -eu
sql > /run/amanat-break.dropped <<'END'
SELECT archive.month_of(partitions_until) - 1 FROM archive.machine;
END
echo "DO \$\$ BEGIN EXECUTE 'DROP TABLE archive.' || archive.partition_of('transaction', $(cat /run/amanat-break.dropped)); END \$\$" | sql
# undo
sql > /dev/null <<END
SET ROLE archive_owner;
SELECT archive.make_partition('transaction', $(cat /run/amanat-break.dropped));
END
rm /run/amanat-break.dropped
