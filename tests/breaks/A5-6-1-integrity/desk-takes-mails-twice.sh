#!/bin/sh
# The index that finds a mail's receipt is gone, and with it what tells two deliveries of one mail.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: desk: index tracker.attachments_receipt is missing
set -eu
sql desk <<'END'
DROP INDEX tracker.attachments_receipt;
END
# undo
sql desk <<'END'
SET ROLE desk_owner;
CREATE INDEX attachments_receipt ON tracker.attachments ((substring(headers FROM '(?n)^X-Amanat-Receipt: ([0-9A-Za-z./-]{10,100})$'))) WHERE parent = 0;
END
