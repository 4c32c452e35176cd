-- Verify archive:holds on pg
BEGIN;

SELECT 1 / (count(*) > 0)::integer FROM archive.periods();
SELECT 1 / (count(*) = 4)::integer
FROM pg_trigger
WHERE tgrelid IN ('archive.hold'::regclass, 'archive.hold_release'::regclass)
  AND tgname IN ('record_change', 'append_only') AND tgenabled = 'A';
SELECT 1 / has_function_privilege('archive_discloser', 'archive.holds()', 'EXECUTE')::integer;
SELECT 1 / (NOT has_function_privilege('archive_writer', 'archive.release_hold(text, text)', 'EXECUTE'))::integer;

ROLLBACK;
