#!/bin/sh
# Of a change by hand the trace was turned off for a moment, and an event made up that looks like the function's.
# host: store
# check: policies/article5/test_integrity_rows.py::test_every_row_of_state_follows_from_events
set -eu
systemctl stop amanat-archive-seal.service
sql > /run/amanat-break.made-up <<'END'
SELECT message_retention_days FROM archive.machine;
END
sql <<'END'
BEGIN;
ALTER TABLE archive.machine DISABLE TRIGGER record_change;
INSERT INTO archive.event (kind, detail)
SELECT 'retention', jsonb_build_object('before_days', message_retention_days, 'after_days', 200) FROM archive.machine;
UPDATE archive.machine SET message_retention_days = 200;
ALTER TABLE archive.machine ENABLE ALWAYS TRIGGER record_change;
COMMIT;
END
# undo
sql <<END
BEGIN;
ALTER TABLE archive.machine DISABLE TRIGGER record_change;
UPDATE archive.machine SET message_retention_days = $(cat /run/amanat-break.made-up);
ALTER TABLE archive.machine ENABLE ALWAYS TRIGGER record_change;
ALTER TABLE archive.event DISABLE TRIGGER append_only;
DELETE FROM archive.event WHERE kind = 'retention' AND detail ->> 'after_days' = '200';
ALTER TABLE archive.event ENABLE ALWAYS TRIGGER append_only;
COMMIT;
END
rm /run/amanat-break.made-up
systemctl start amanat-archive-seal.service
