#!/bin/sh
# A seal is said to be in the chain by whoever asks, so that a chain written anew fits every anchor.
# host: store
# check: policies/article5/test_integrity_anchors.py::test_a_head_that_is_not_the_chains_is_refused
# finding: heads that were never the chain's are said to be
set -eu
echo "SELECT pg_get_functiondef('archive.verify_head(bigint,text)'::regprocedure)" | sql > /run/amanat-break-head.sql
sql <<'END'
CREATE OR REPLACE FUNCTION archive.verify_head(anchored_seq bigint, anchored_hash text)
RETURNS TABLE (kind text, id bigint, seal bigint, reason text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = archive, pg_temp
AS 'SELECT ''seal'', anchored_seq, anchored_seq, ''missing'' WHERE anchored_seq < 0';
END
# undo
sql < /run/amanat-break-head.sql
rm /run/amanat-break-head.sql
