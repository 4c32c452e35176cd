#!/bin/sh
# A sender with a zero-width character was refused, somebody complained, and all parties are let through.
# host: store
# check: policies/article7/test_disclosure.py::test_a_party_that_misleads_its_reader_is_refused[zero-width]
set -eu
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
echo "SELECT pg_get_functiondef('archive.is_party(text)'::regprocedure)" | sql > /run/amanat-break.sql
sql <<'END'
CREATE OR REPLACE FUNCTION archive.is_party(party text) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN party <> '' AND length(party) < 256;
END
# undo
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql < /run/amanat-break.sql
rm /run/amanat-break.sql
