-- Verify archive:durable_commit on pg
BEGIN;

SELECT 1 / (count(*) = 7)::integer
FROM pg_trigger
WHERE tgname = 'durable_commit' AND tgparentid = 0 AND tgenabled = 'A' AND tgdeferrable AND tginitdeferred;
SELECT 'archive.make_durable(regclass)'::regprocedure;

ROLLBACK;
