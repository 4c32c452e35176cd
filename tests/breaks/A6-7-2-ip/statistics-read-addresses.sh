#!/bin/sh
# The statistics, which log in as the writer, may read the access records.
# host: store
# check: policies/article6/test_addresses.py::test_access_records_have_one_door_in_and_one_out
# finding: ('archive_writer', 'access')
set -eu
sql <<'END'
GRANT SELECT ON archive.access TO archive_writer;
END
# undo
sql <<'END'
REVOKE SELECT ON archive.access FROM archive_writer;
END
