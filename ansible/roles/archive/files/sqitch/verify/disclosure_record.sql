-- Verify archive:disclosure_record on pg
BEGIN;

SELECT FROM archive.disclosure WHERE false;
SELECT 1 / count(*)
FROM pg_trigger WHERE tgrelid = 'archive.disclosure'::regclass AND tgname = 'append_only' AND tgenabled = 'A';

ROLLBACK;
