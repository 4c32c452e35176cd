-- Verify archive:two_clocks on pg
BEGIN;

SELECT 1 / (archive.purge_clock() <= clock_timestamp())::integer;
SELECT 1 / has_function_privilege('archive_anchor', 'archive.tell_time(timestamptz)', 'EXECUTE')::integer;
SELECT 1 / (NOT has_function_privilege('archive_auditor', 'archive.tell_time(timestamptz)', 'EXECUTE'))::integer;
SELECT 1 / (NOT has_function_privilege('archive_purger', 'archive.tell_time(timestamptz)', 'EXECUTE'))::integer;

ROLLBACK;
