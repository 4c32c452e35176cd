#!/bin/sh
# An application misses its Persian digits: they are kept as they come, and an order for the same number finds nothing.
# host: store
# check: policies/article7/test_disclosure.py::test_a_number_is_found_in_whatever_digits_it_came
set -eu
echo "SELECT pg_get_functiondef('archive.normal_party(text)'::regprocedure)" | sql > /run/amanat-break.sql
sql <<'END'
CREATE OR REPLACE FUNCTION archive.normal_party(party text) RETURNS text LANGUAGE sql IMMUTABLE RETURN btrim(party);
END
# undo
sql < /run/amanat-break.sql
rm /run/amanat-break.sql
