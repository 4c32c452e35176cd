#!/bin/sh
# A support tool reads one column of the archive's state: one half of every open data key.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: column archive.machine.pepper: rights of archive_auditor: SELECT
set -eu
sql <<'END'
GRANT SELECT (pepper) ON archive.machine TO archive_auditor;
END
# undo
sql <<'END'
REVOKE SELECT (pepper) ON archive.machine FROM archive_auditor;
END
