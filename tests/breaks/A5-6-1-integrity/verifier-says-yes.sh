#!/bin/sh
# The verifier says that all is well, whatever it meets, so that an edit stays unseen.
# host: store
# check: policies/article5/test_integrity.py::test_the_verifier_says_no_where_there_is_no_chain
set -eu
echo "SELECT pg_get_functiondef('archive.verify(bigint)'::regprocedure)" | sql > /run/amanat-break-verify.sql
sql <<'END'
CREATE OR REPLACE FUNCTION archive.verify(from_seal bigint DEFAULT NULL)
RETURNS TABLE (kind text, id bigint, seal bigint, reason text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = archive, pg_temp
AS 'SELECT NULL::text, NULL::bigint, NULL::bigint, NULL::text WHERE false';
END
# undo
sql < /run/amanat-break-verify.sql
rm /run/amanat-break-verify.sql
