-- Verify archive:access_disclosure on pg
BEGIN;

SELECT 'archive.check_party_selector(jsonb)'::regprocedure, 'archive.select_access(jsonb)'::regprocedure;
SELECT 1 / has_function_privilege('archive_discloser', 'archive.fetch_disclosure(bigint)', 'EXECUTE')::integer;
SELECT 1 / (NOT has_function_privilege('archive_discloser', 'archive.select_access(jsonb)', 'EXECUTE'))::integer;

ROLLBACK;
