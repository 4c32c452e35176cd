-- Verify archive:keys on pg
BEGIN;

SELECT FROM archive.data_key WHERE false;
SELECT FROM archive.sealing_key WHERE false;
SELECT 1 / count(*)
FROM pg_trigger WHERE tgrelid = 'archive.data_key'::regclass AND tgname = 'append_only' AND tgenabled = 'A';
SELECT 1 / count(*)
FROM pg_trigger WHERE tgrelid = 'archive.sealing_key'::regclass AND tgname = 'append_only' AND tgenabled = 'A';
SELECT 'archive.open_data_key()'::regprocedure;
SELECT 'archive.sealing_hash(text)'::regprocedure;
SELECT 'archive.add_sealing_key(text)'::regprocedure;

ROLLBACK;
