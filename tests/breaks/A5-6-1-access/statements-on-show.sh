#!/bin/sh
# To find a slow statement, what sessions are doing is shown again.
# host: store
# check: policies/article5/test_access_surface.py::test_what_a_session_asks_is_not_seen_by_others_of_its_role[archive_writer]
set -eu
systemctl stop amanat-postgresql-guard.service
sql <<'END'
ALTER ROLE archive_writer SET track_activities = on;
END
# undo
systemctl start amanat-postgresql-guard.service
