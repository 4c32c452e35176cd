#!/bin/sh
# The limit of disclosing sessions was lifted for one large order.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: role archive_discloser: connections is any
set -eu
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
ALTER ROLE archive_discloser CONNECTION LIMIT -1;
END
# undo
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
ALTER ROLE archive_discloser CONNECTION LIMIT 4;
END
