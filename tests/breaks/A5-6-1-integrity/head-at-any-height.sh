#!/bin/sh
# A head is looked for by its hash alone: at whatever height, it fits.
# host: store
# check: policies/article5/test_integrity_anchors.py::test_a_head_that_is_not_the_chains_is_refused
set -eu
echo "SELECT pg_get_functiondef('archive.verify_head(bigint,text)'::regprocedure)" | sql > /run/amanat-break-height.sql
sql <<'END'
CREATE OR REPLACE FUNCTION archive.verify_head(anchored_seq bigint, anchored_hash text)
RETURNS TABLE (kind text, id bigint, seal bigint, reason text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = archive, pg_temp AS $$
    SELECT 'seal', anchored_seq, anchored_seq, 'not the seal that was anchored'
    WHERE NOT EXISTS (SELECT FROM seal AS s WHERE s.hash = decode(anchored_hash, 'hex'))
$$;
END
# undo
sql < /run/amanat-break-height.sql
rm /run/amanat-break-height.sql
