#!/bin/sh
# Somebody may tidy up today's access records.
# host: store
# check: policies/article6/test_addresses.py::test_access_records_have_one_door_in_and_one_out
# finding: ('archive_auditor', 'access_
set -eu
sql <<'END'
SELECT format('GRANT DELETE ON archive.access_%s TO archive_auditor', to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM_DD')) \gexec
END
# undo
sql <<'END'
SELECT format('REVOKE ALL ON archive.%I FROM archive_auditor', relname) FROM pg_class
WHERE relnamespace = 'archive'::regnamespace AND relkind = 'r' AND relname LIKE 'access\_2%' \gexec
END
