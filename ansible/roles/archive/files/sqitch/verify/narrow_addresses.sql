-- Verify archive:narrow_addresses on pg
BEGIN;

SELECT archive.check_selector('{"record": "access", "ip": "192.0.2.7", "from": "2026-11-01", "until": "2026-11-02"}');
SELECT 1 / (NOT has_function_privilege('archive_discloser', 'archive.select_access(jsonb)', 'EXECUTE'))::integer;

ROLLBACK;
