#!/bin/sh
# The login server can no longer record who came from where.
# host: store
# check: policies/article6/test_addresses.py::test_an_access_is_kept_as_it_happened
set -eu
sql <<'END'
REVOKE EXECUTE ON FUNCTION archive.record_access(text, text, text, inet, integer, timestamptz, text, text)
FROM archive_writer;
END
# undo
sql <<'END'
GRANT EXECUTE ON FUNCTION archive.record_access(text, text, text, inet, integer, timestamptz, text, text)
TO archive_writer;
END
