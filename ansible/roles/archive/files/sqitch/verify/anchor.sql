-- Verify archive:anchor on pg
BEGIN;

SELECT 1 / has_function_privilege('archive_anchor', 'archive.verify_head(bigint, text)', 'EXECUTE')::integer;
SELECT 1 / (NOT has_function_privilege('archive_anchor', 'archive.verify(bigint)', 'EXECUTE'))::integer;

ROLLBACK;
