-- Revert archive:two_clocks from pg
\ir ../deploy/access_chain.sql
\ir ../deploy/holds.sql
\ir ../deploy/purge_by_itself.sql

BEGIN;

DROP FUNCTION archive.purge_clock();
DROP FUNCTION archive.tell_time(timestamptz);
DROP TABLE archive.witness;

COMMIT;
