-- Verify archive:access_records on pg
BEGIN;

SELECT FROM archive.access WHERE false;
SELECT 1 / count(*)
FROM pg_trigger WHERE tgrelid = 'archive.access'::regclass AND tgname = 'append_only' AND tgenabled = 'A';
SELECT 1 / (count(*) = 2)::integer
FROM pg_trigger
WHERE tgrelid IN ('archive.access_event'::regclass, 'archive.access_days'::regclass)
  AND tgname = 'record_change' AND tgenabled = 'A';
SELECT 1 / has_function_privilege('archive_writer', oid, 'EXECUTE')::integer
FROM pg_proc WHERE pronamespace = 'archive'::regnamespace AND proname = 'record_access';
SELECT 1 / has_function_privilege('archive_sealer', 'archive.make_days(integer)', 'EXECUTE')::integer;

ROLLBACK;
