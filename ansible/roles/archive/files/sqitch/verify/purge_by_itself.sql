-- Verify archive:purge_by_itself on pg
BEGIN;

SELECT 1 / has_function_privilege('archive_purger', 'archive.purge()', 'EXECUTE')::integer;
SELECT 1 / (NOT has_function_privilege('archive_purger', 'archive.expire_partitions(integer)', 'EXECUTE'))::integer;
SELECT 1 / (NOT has_function_privilege('archive_purger', 'archive.expire_periods(text, integer)', 'EXECUTE'))::integer;
SELECT 1 / has_function_privilege('archive_auditor', 'archive.verify(bigint)', 'EXECUTE')::integer;

ROLLBACK;
