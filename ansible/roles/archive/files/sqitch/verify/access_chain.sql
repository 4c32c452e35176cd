-- Verify archive:access_chain on pg
BEGIN;

SELECT 1 / (archive.kind_name('a') = 'access')::integer;
SELECT 1 / count(*) FROM pg_depend AS d JOIN pg_rewrite AS r ON r.oid = d.objid
WHERE r.ev_class = 'archive.entry'::regclass AND d.refobjid = 'archive.access'::regclass;
SELECT 1 / has_function_privilege('archive_auditor', 'archive.verify(bigint)', 'EXECUTE')::integer;

ROLLBACK;
