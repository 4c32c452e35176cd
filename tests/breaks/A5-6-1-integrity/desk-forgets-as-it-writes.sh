#!/bin/sh
# A rule throws away what the desk writes into its history.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: desk: rule forget on tracker.transactions
set -eu
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=desk; }
sql <<'END'
CREATE RULE forget AS ON INSERT TO tracker.transactions WHERE new.type = 'Correspond' DO INSTEAD NOTHING;
END
# undo
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=desk; }
sql <<'END'
DROP RULE forget ON tracker.transactions;
END
