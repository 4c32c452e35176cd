-- Verify archive:recording on pg
BEGIN;

SELECT 1 / has_function_privilege('archive_writer', oid, 'EXECUTE')::integer
FROM pg_proc
WHERE pronamespace = 'archive'::regnamespace
  AND proname IN ('record_message', 'record_message_bytes', 'record_transaction');
SELECT 1 / (NOT has_function_privilege('archive_writer', oid, 'EXECUTE'))::integer
FROM pg_proc
WHERE pronamespace = 'archive'::regnamespace AND proname IN ('keep_message', 'keep_transaction');
SELECT 'archive.key_is_stored(text)'::regprocedure;

ROLLBACK;
