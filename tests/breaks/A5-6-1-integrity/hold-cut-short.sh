#!/bin/sh
# A hold ends tomorrow, by hand: the month it keeps goes the night after.
# host: store
# check: policies/article5/test_integrity_rows.py::test_every_row_of_state_follows_from_events
# finding: is `order 9/2, approved by Somebody
set -eu
sql > /run/amanat-break.hold-short <<'END'
SELECT archive.add_hold('9/2', 'Somebody', '{"parties": ["+989120000009"]}', now() + interval '1 year') IS NULL;
SELECT ends_at FROM archive.hold WHERE order_number = '9/2' ORDER BY id DESC LIMIT 1;
END
sql <<'END'
ALTER TABLE archive.hold DISABLE TRIGGER append_only;
UPDATE archive.hold SET ends_at = now() + interval '1 day'
WHERE id = (SELECT max(id) FROM archive.hold WHERE order_number = '9/2');
ALTER TABLE archive.hold ENABLE ALWAYS TRIGGER append_only;
END
# undo
sql > /dev/null <<END
ALTER TABLE archive.hold DISABLE TRIGGER append_only;
UPDATE archive.hold SET ends_at = '$(tail -n 1 /run/amanat-break.hold-short)'
WHERE order_number = '9/2' AND ends_at < now() + interval '2 days';
ALTER TABLE archive.hold ENABLE ALWAYS TRIGGER append_only;
SELECT archive.release_hold('9/2', 'Somebody');
END
rm /run/amanat-break.hold-short
