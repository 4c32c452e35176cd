#!/bin/sh
# Payments are to go after a quarter: the accountants have them.
# host: store
# check: policies/article6/test_transactions.py::test_transactions_are_kept_long_enough
set -eu
sql > /run/amanat-break-kept-for-a-quarter.days <<'END'
SELECT message_retention_days FROM archive.machine;
END
sql <<'END'
ALTER TABLE archive.machine DROP CONSTRAINT machine_message_retention_days_check;
UPDATE archive.machine SET message_retention_days = 92;
END
# undo
sql <<END
UPDATE archive.machine SET message_retention_days = $(cat /run/amanat-break-kept-for-a-quarter.days);
ALTER TABLE archive.machine ADD CONSTRAINT machine_message_retention_days_check CHECK (message_retention_days >= 186);
END
rm /run/amanat-break-kept-for-a-quarter.days
