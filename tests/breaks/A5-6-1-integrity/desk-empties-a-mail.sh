#!/bin/sh
# The desk may change one column of what customers wrote.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: desk: column tracker.attachments.content: rights of desk_application
set -eu
sql desk <<'END'
GRANT UPDATE (content) ON tracker.attachments TO desk_application;
END
# undo
sql desk <<'END'
REVOKE UPDATE (content) ON tracker.attachments FROM desk_application;
END
