#!/bin/sh
# A rule throws away what the desk writes into its history.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: desk: rule forget on tracker.transactions
set -eu
sql desk <<'END'
CREATE RULE forget AS ON INSERT TO tracker.transactions WHERE new.type = 'Correspond' DO INSTEAD NOTHING;
END
# undo
sql desk <<'END'
DROP RULE forget ON tracker.transactions;
END
