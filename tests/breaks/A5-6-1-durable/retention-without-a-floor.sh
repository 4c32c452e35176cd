#!/bin/sh
# The law's least retention is no longer a constraint, so that a shorter one can be set.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: constraint machine_message_retention_days_check on archive.machine is missing
set -eu
sql <<'END'
ALTER TABLE archive.machine DROP CONSTRAINT machine_message_retention_days_check;
END
# undo
sql <<'END'
ALTER TABLE archive.machine ADD CONSTRAINT machine_message_retention_days_check CHECK (message_retention_days >= 186);
END
