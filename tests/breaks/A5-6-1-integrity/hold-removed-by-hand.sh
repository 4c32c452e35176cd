#!/bin/sh
# A court's hold was in the way, and its row was deleted.
# host: store
# check: policies/article5/test_integrity_rows.py::test_every_row_of_state_follows_from_events
# finding: is not there, and by the functions' events `order 9/1, approved by Somebody
set -eu
sql > /run/amanat-break.hold-removed <<'END'
SELECT archive.add_hold('9/1', 'Somebody', '{"parties": ["+989120000009"]}', now() + interval '1 year');
END
sql > /run/amanat-break.hold-row <<'END'
SELECT format('INSERT INTO archive.hold OVERRIDING SYSTEM VALUE VALUES (%L, %L, %L, %L, %L, %L)',
              id, xact, order_number, approver, selector, ends_at)
FROM archive.hold WHERE order_number = '9/1' ORDER BY id DESC LIMIT 1;
END
sql <<'END'
ALTER TABLE archive.hold DISABLE TRIGGER append_only;
DELETE FROM archive.hold WHERE id = (SELECT max(id) FROM archive.hold WHERE order_number = '9/1');
ALTER TABLE archive.hold ENABLE ALWAYS TRIGGER append_only;
END
# undo
sql < /run/amanat-break.hold-row
echo "SELECT archive.release_hold('9/1', 'Somebody')" | sql > /dev/null
rm /run/amanat-break.hold-removed /run/amanat-break.hold-row
