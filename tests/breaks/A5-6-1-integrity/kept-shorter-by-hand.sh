#!/bin/sh
# Records were to go half a year sooner, and the number was set in its row without a word on record.
# host: store
# check: policies/article5/test_integrity_rows.py::test_every_row_of_state_follows_from_events
# finding: retention is `187 days`, and by the functions' events
set -eu
sql > /run/amanat-break.retention <<'END'
SELECT message_retention_days FROM archive.machine;
END
sql <<'END'
UPDATE archive.machine SET message_retention_days = 187;
END
# undo
sql <<END
UPDATE archive.machine SET message_retention_days = $(cat /run/amanat-break.retention);
END
rm /run/amanat-break.retention
