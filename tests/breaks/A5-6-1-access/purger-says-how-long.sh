#!/bin/sh
# The role that purges may set how long records are kept.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: function archive.set_message_retention(integer): rights of archive_purger
set -eu
echo 'GRANT EXECUTE ON FUNCTION archive.set_message_retention(integer) TO archive_purger' | sql
# undo
echo 'REVOKE EXECUTE ON FUNCTION archive.set_message_retention(integer) FROM archive_purger' | sql
