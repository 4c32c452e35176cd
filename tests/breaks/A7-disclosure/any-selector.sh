#!/bin/sh
# The check that keeps a disclosure narrow got in the way and was emptied.
# host: store
# check: policies/article7/test_disclosure.py::test_a_request_that_lacks_something_is_refused[selector-empty]
set -eu
echo "SELECT pg_get_functiondef('archive.check_selector(jsonb)'::regprocedure)" | sql > /run/amanat-break.sql
sql <<'END'
CREATE OR REPLACE FUNCTION archive.check_selector(selector jsonb) RETURNS void LANGUAGE sql AS '';
END
# undo
sql < /run/amanat-break.sql
rm /run/amanat-break.sql
