#!/bin/sh
# A record of a purge for a month that is still to be kept, as a cover for what is dropped next.
# host: store
# check: policies/article5/test_integrity_rows.py::test_every_row_of_state_follows_from_events
# finding: had ended
set -eu
systemctl stop amanat-archive-seal.service
sql <<'END'
INSERT INTO archive.event (kind, detail)
SELECT 'expiry', jsonb_build_object('expired', 'm:' || archive.month_of(now()) - 1, 'partition', 'message', 'records', 0, 'witnessed', now());
END
# undo
sql <<'END'
BEGIN;
ALTER TABLE archive.event DISABLE TRIGGER append_only;
DELETE FROM archive.event WHERE kind = 'expiry' AND detail ->> 'partition' = 'message';
ALTER TABLE archive.event ENABLE ALWAYS TRIGGER append_only;
COMMIT;
END
systemctl start amanat-archive-seal.service
