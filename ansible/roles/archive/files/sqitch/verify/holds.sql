-- Verify archive:holds on pg
BEGIN;

SELECT 1 / (count(*) > 0)::integer FROM archive.periods();
SELECT 1 / (count(*) = 1)::integer
FROM pg_trigger WHERE tgrelid = 'archive.hold'::regclass AND tgname = 'record_change' AND tgenabled = 'A';
SELECT 1 / has_function_privilege('archive_discloser', 'archive.holds()', 'EXECUTE')::integer;
SELECT 1 / (NOT has_function_privilege('archive_writer', 'archive.release_hold(text, text)', 'EXECUTE'))::integer;

ROLLBACK;
