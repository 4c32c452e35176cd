#!/bin/sh
# So that nothing makes partitions any more, the archive was told that it has those of ten years.
# host: store
# check: policies/article5/test_integrity_rows.py::test_every_row_of_state_follows_from_events
# finding: partitions is `
set -eu
sql <<'END'
UPDATE archive.machine SET partitions_until = partitions_until + interval '10 years';
END
# undo
sql <<'END'
UPDATE archive.machine SET partitions_until = partitions_until - interval '10 years';
END
