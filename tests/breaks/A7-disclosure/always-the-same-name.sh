#!/bin/sh
# Who asked for a disclosure is no longer taken from the session.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: column archive.disclosure.requested_by is text, not null, default 'archive_discloser'
set -eu
sql <<'END'
ALTER TABLE archive.disclosure ALTER requested_by SET DEFAULT 'archive_discloser';
END
# undo
sql <<'END'
ALTER TABLE archive.disclosure ALTER requested_by SET DEFAULT session_user;
END
