-- Verify archive:machine on pg
BEGIN;

SELECT FROM archive.event WHERE false;
SELECT FROM archive.machine WHERE false;
SELECT 1 / count(*)
FROM pg_trigger WHERE tgrelid = 'archive.event'::regclass AND tgname = 'append_only' AND tgenabled = 'A';
SELECT 'archive.pepper()'::regprocedure;
SELECT 'archive.clock_offset()'::regprocedure;
SELECT 'archive.partitioned()'::regprocedure;
SELECT 'archive.plan_anew()'::regprocedure;
SELECT 'archive.set_message_retention(integer)'::regprocedure;
SELECT 'archive.clock()'::regprocedure;

ROLLBACK;
