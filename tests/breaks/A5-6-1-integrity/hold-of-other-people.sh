#!/bin/sh
# The hold is there, of the same order and as long; only whom it is of was changed.
# host: store
# check: policies/article5/test_integrity_rows.py::test_every_row_of_state_follows_from_events
# finding: is `order 9/3, approved by Somebody
set -eu
sql > /dev/null <<'END'
SELECT archive.add_hold('9/3', 'Somebody', '{"parties": ["+989120000009"]}', now() + interval '1 year');
ALTER TABLE archive.hold DISABLE TRIGGER append_only;
UPDATE archive.hold SET selector = '{"parties": ["+989120000008"]}'
WHERE id = (SELECT max(id) FROM archive.hold WHERE order_number = '9/3');
ALTER TABLE archive.hold ENABLE ALWAYS TRIGGER append_only;
END
# undo
sql > /dev/null <<'END'
ALTER TABLE archive.hold DISABLE TRIGGER append_only;
UPDATE archive.hold SET selector = '{"parties": ["+989120000009"]}' WHERE order_number = '9/3';
ALTER TABLE archive.hold ENABLE ALWAYS TRIGGER append_only;
SELECT archive.release_hold('9/3', 'Somebody');
END
