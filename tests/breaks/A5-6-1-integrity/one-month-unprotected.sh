#!/bin/sh
# The partition of this month alone is open to changes.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: trigger append_only on archive.transaction_20
set -eu
sql <<END
ALTER TABLE archive.transaction_$(date -u +%Y_%m) DISABLE TRIGGER append_only;
END
# undo
sql <<END
ALTER TABLE archive.transaction_$(date -u +%Y_%m) ENABLE ALWAYS TRIGGER append_only;
END
