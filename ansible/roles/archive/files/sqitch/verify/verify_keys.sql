-- Verify archive:verify_keys on pg
BEGIN;

SELECT 1 / has_function_privilege('archive_auditor', 'archive.verify(bigint)', 'EXECUTE')::integer;
SELECT 1 / (NOT has_function_privilege('archive_auditor', 'archive.verify_chain(bigint)', 'EXECUTE'))::integer;

ROLLBACK;
