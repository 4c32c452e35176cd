#!/bin/sh
# Somebody wanted to keep everything, and wrote a hold of no court's into the table.
# host: store
# check: policies/article5/test_integrity_rows.py::test_every_row_of_state_follows_from_events
# finding: order 9/4, approved by Nobody
set -eu
sql <<'END'
INSERT INTO archive.hold (order_number, approver, selector, ends_at)
VALUES ('9/4', 'Nobody', '{"from": "2020-01-01T00:00:00Z"}', now() + interval '9 years');
END
# undo
sql <<'END'
ALTER TABLE archive.hold DISABLE TRIGGER append_only;
DELETE FROM archive.hold WHERE order_number = '9/4';
ALTER TABLE archive.hold ENABLE ALWAYS TRIGGER append_only;
END
