#!/bin/sh
# So that nothing makes partitions any more, the archive was told that it has those of ten years.
# host: store
# check: policies/article5/test_integrity_rows.py::test_every_row_of_state_follows_from_events
# finding: partitions is `
set -eu
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
UPDATE archive.machine SET partitions_until = partitions_until + interval '10 years';
END
# undo
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
UPDATE archive.machine SET partitions_until = partitions_until - interval '10 years';
END
