#!/bin/sh
# A hold was released by a row in the table, and no function was asked.
# host: store
# check: policies/article5/test_integrity_rows.py::test_every_row_of_state_follows_from_events
# finding: release of hold
set -eu
sql > /dev/null <<'END'
SELECT archive.add_hold('9/5', 'Somebody', '{"parties": ["+989120000009"]}', now() + interval '1 year');
INSERT INTO archive.hold_release (hold, approver) SELECT max(id), 'Nobody' FROM archive.hold WHERE order_number = '9/5';
END
# undo
sql > /dev/null <<'END'
ALTER TABLE archive.hold_release DISABLE TRIGGER append_only;
DELETE FROM archive.hold_release WHERE approver = 'Nobody';
ALTER TABLE archive.hold_release ENABLE ALWAYS TRIGGER append_only;
SELECT archive.release_hold('9/5', 'Somebody');
END
