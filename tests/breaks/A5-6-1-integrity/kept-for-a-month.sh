#!/bin/sh
# The disk got full, so the archive was told that a month is enough.
# host: store
# check: policies/article5/test_integrity.py::test_messages_are_kept_long_enough
set -eu
sql > /run/amanat-break.days <<'END'
SELECT message_retention_days FROM archive.machine;
END
sql <<'END'
ALTER TABLE archive.machine DROP CONSTRAINT machine_message_retention_days_check;
UPDATE archive.machine SET message_retention_days = 30;
END
# undo
sql <<END
UPDATE archive.machine SET message_retention_days = $(cat /run/amanat-break.days);
ALTER TABLE archive.machine ADD CONSTRAINT machine_message_retention_days_check CHECK (message_retention_days >= 186);
END
rm /run/amanat-break.days
