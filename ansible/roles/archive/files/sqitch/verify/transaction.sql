-- Verify archive:transaction on pg
BEGIN;

SELECT FROM archive.transaction WHERE false;
SELECT 1 / count(*)
FROM pg_trigger WHERE tgrelid = 'archive.transaction'::regclass AND tgname = 'append_only' AND tgenabled = 'A';
SELECT 'archive.record_transaction(text, text, numeric, text, text, text, inet, integer, timestamptz)'::regprocedure;

ROLLBACK;
