#!/bin/sh
# The protection of the chain fires only where somebody replicates.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: trigger append_only on archive.seal is only when replicating
set -eu
sql <<'END'
ALTER TABLE archive.seal ENABLE REPLICA TRIGGER append_only;
END
# undo
sql <<'END'
ALTER TABLE archive.seal ENABLE ALWAYS TRIGGER append_only;
END
