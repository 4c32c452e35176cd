#!/bin/sh
# Support staff may look messages up with the everyday role.
# host: store
# check: policies/article7/test_disclosure.py::test_everyday_roles_cannot_disclose[archive_writer]
set -eu
sql <<'END'
GRANT EXECUTE ON FUNCTION archive.request_disclosure(text, date, text, jsonb) TO archive_writer;
GRANT EXECUTE ON FUNCTION archive.fetch_disclosure(bigint) TO archive_writer;
END
# undo
sql <<'END'
REVOKE EXECUTE ON FUNCTION archive.request_disclosure(text, date, text, jsonb) FROM archive_writer;
REVOKE EXECUTE ON FUNCTION archive.fetch_disclosure(bigint) FROM archive_writer;
END
