#!/bin/sh
# A rule swallows the record that a disclosure leaves.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: rule quiet on archive.disclosure
set -eu
sql <<'END'
CREATE RULE quiet AS ON INSERT TO archive.disclosure WHERE new.approver = 'nobody' DO INSTEAD NOTHING;
END
# undo
sql <<'END'
DROP RULE quiet ON archive.disclosure;
END
