#!/bin/sh
# A sender with a zero-width character was refused, somebody complained, and all parties are let through.
# host: store
# check: policies/article7/test_disclosure.py::test_a_party_that_misleads_its_reader_is_refused[zero-width]
set -eu
echo "SELECT pg_get_functiondef('archive.is_party(text)'::regprocedure)" | sql > /run/amanat-break.sql
sql <<'END'
CREATE OR REPLACE FUNCTION archive.is_party(party text) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN party <> '' AND length(party) < 256;
END
# undo
sql < /run/amanat-break.sql
rm /run/amanat-break.sql
