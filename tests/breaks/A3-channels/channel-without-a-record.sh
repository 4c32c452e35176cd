#!/bin/sh
# A channel for a trial was put into the list by hand, and nothing says who opened it.
# host: store
# check: policies/article5/test_integrity_rows.py::test_every_row_of_state_follows_from_events
# finding: channel trial is `For a trial`, and by the functions' events not there
set -eu
sql <<'END'
INSERT INTO archive.channel VALUES ('trial', 'For a trial');
END
# undo
sql <<'END'
BEGIN;
ALTER TABLE archive.channel DISABLE TRIGGER append_only;
DELETE FROM archive.channel WHERE name = 'trial';
ALTER TABLE archive.channel ENABLE ALWAYS TRIGGER append_only;
SELECT archive.plan_anew();
COMMIT;
END
