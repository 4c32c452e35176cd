-- Verify archive:access on pg
BEGIN;

SELECT 1 / has_function_privilege('archive_writer', oid, 'EXECUTE')::integer
FROM pg_proc WHERE proname = 'record_message';
SELECT 1 / (NOT has_table_privilege(
    'archive_writer', 'archive.message', 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE'))::integer;
SELECT 1 / (NOT EXISTS (SELECT
FROM pg_proc
WHERE pronamespace = 'archive'::regnamespace AND has_function_privilege('public', oid, 'EXECUTE')))::integer;

ROLLBACK;
