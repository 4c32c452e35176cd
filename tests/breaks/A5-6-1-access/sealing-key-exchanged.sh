#!/bin/sh
# The key that content is sealed to was exchanged in its row.
# host: store
# check: policies/article5/test_integrity_rows.py::test_every_row_of_state_follows_from_events
# finding: sealing key 1 is `
set -eu
sql <<'END'
BEGIN;
ALTER TABLE archive.sealing_key DISABLE TRIGGER append_only;
UPDATE archive.sealing_key SET key = set_byte(key, octet_length(key) - 1, get_byte(key, octet_length(key) - 1) # 1) WHERE id = 1;
ALTER TABLE archive.sealing_key ENABLE ALWAYS TRIGGER append_only;
COMMIT;
END
# undo
sql <<'END'
BEGIN;
ALTER TABLE archive.sealing_key DISABLE TRIGGER append_only;
UPDATE archive.sealing_key SET key = set_byte(key, octet_length(key) - 1, get_byte(key, octet_length(key) - 1) # 1) WHERE id = 1;
ALTER TABLE archive.sealing_key ENABLE ALWAYS TRIGGER append_only;
COMMIT;
END
