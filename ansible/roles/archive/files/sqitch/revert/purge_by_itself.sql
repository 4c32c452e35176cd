-- Revert archive:purge_by_itself from pg
\ir ../deploy/expiry.sql
\ir ../deploy/verify_keys.sql

BEGIN;

DROP FUNCTION archive.purges();
DROP FUNCTION archive.first_bad_purge();
DROP FUNCTION archive.purge();
DROP FUNCTION archive.first_bad_between(text, integer, bigint, bigint);
DROP FUNCTION archive.first_unlike(text, integer, bigint, bigint);
DROP FUNCTION archive.chained_in(text, integer, bigint, bigint);
REVOKE ALL ON SCHEMA archive FROM archive_purger;

COMMIT;
