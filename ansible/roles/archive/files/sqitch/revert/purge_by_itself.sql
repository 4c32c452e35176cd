-- Revert archive:purge_by_itself from pg
\ir ../deploy/expiry.sql
\ir ../deploy/access_records.sql
\ir ../deploy/access_chain.sql

BEGIN;

DROP FUNCTION archive.purges();
DROP FUNCTION archive.first_bad_purge();
DROP FUNCTION archive.purge();
DROP FUNCTION archive.expire_periods(text, integer);
DROP FUNCTION archive.first_bad_between(text, integer, bigint, bigint);
DROP FUNCTION archive.first_unlike(text, integer, bigint, bigint);
DROP FUNCTION archive.chained_in(text, integer, bigint, bigint);
REVOKE ALL ON SCHEMA archive FROM archive_purger;

COMMIT;
