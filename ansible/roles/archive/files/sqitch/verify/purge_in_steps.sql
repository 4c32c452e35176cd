-- Verify archive:purge_in_steps on pg
BEGIN;

SELECT 'archive.due_periods(text, integer)'::regprocedure, 'archive.cleared'::regclass;
SELECT 1 / has_function_privilege('archive_purger', 'archive.clear_due()', 'EXECUTE')::integer;
SELECT 1 / has_function_privilege('archive_purger', 'archive.purge()', 'EXECUTE')::integer;
SELECT 1 / (NOT has_function_privilege('archive_purger', 'archive.let_go()', 'EXECUTE'))::integer;
SELECT 1 / (NOT has_table_privilege('archive_purger', 'archive.cleared', 'INSERT'))::integer;

ROLLBACK;
