#!/bin/sh
# Changes of the archive's own row leave no trace any more.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: trigger record_change on archive.machine is disabled
set -eu
sql <<'END'
ALTER TABLE archive.machine DISABLE TRIGGER record_change;
END
# undo
sql <<'END'
ALTER TABLE archive.machine ENABLE ALWAYS TRIGGER record_change;
END
