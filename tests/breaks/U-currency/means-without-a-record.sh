#!/bin/sh
# A coin of somebody's own became a means of payment by a row, and nothing says who opened it.
# host: store
# check: policies/article5/test_integrity_rows.py::test_every_row_of_state_follows_from_events
# finding: means own_coin is `A coin of our own`, and by the functions' events not there
set -eu
sql <<'END'
INSERT INTO archive.means VALUES ('own_coin', 'A coin of our own');
END
# undo
sql <<'END'
BEGIN;
ALTER TABLE archive.means DISABLE TRIGGER append_only;
DELETE FROM archive.means WHERE name = 'own_coin';
ALTER TABLE archive.means ENABLE ALWAYS TRIGGER append_only;
COMMIT;
END
