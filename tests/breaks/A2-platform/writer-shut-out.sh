#!/bin/sh
# The gateway's right to record was taken away by mistake.
# host: store
# check: policies/article2/test_platform.py::test_a_message_gets_in_is_stored_and_is_read_back
set -eu
sql <<'END'
REVOKE EXECUTE ON FUNCTION archive.record_message(text, text, text, text, timestamptz, timestamptz, inet, integer, text)
FROM archive_writer;
END
# undo
sql <<'END'
GRANT EXECUTE ON FUNCTION archive.record_message(text, text, text, text, timestamptz, timestamptz, inet, integer, text)
TO archive_writer;
END
