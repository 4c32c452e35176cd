#!/bin/sh
# The limit of disclosing sessions was lifted for one large order.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: role archive_discloser: connections is any
set -eu
sql <<'END'
ALTER ROLE archive_discloser CONNECTION LIMIT -1;
END
# undo
sql <<'END'
ALTER ROLE archive_discloser CONNECTION LIMIT 4;
END
