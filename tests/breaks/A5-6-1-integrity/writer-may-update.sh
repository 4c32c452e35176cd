#!/bin/sh
# The writer may correct messages.
# host: store
# check: policies/article5/test_access_rights.py::test_no_relation_of_the_archive_is_open_to_another_role
set -eu
sql <<'END'
GRANT UPDATE ON archive.message TO archive_writer;
END
# undo
sql <<'END'
REVOKE UPDATE ON archive.message FROM archive_writer;
END
