-- Verify archive:message on pg
BEGIN;

SELECT FROM archive.message WHERE false;
SELECT 1 / count(*)
FROM pg_trigger WHERE tgrelid = 'archive.message'::regclass AND tgname = 'append_only' AND tgenabled = 'A';
SELECT 'archive.record_message(text, text, text, text, timestamptz, timestamptz, inet, integer, text)'::regprocedure;
SELECT 'archive.prepare_session(text)'::regprocedure;
SELECT 'archive.refuse_message(text, text, text, timestamptz, timestamptz, inet, integer, text)'::regprocedure;
SELECT 'archive.is_message(text, text, text, timestamptz, timestamptz, timestamptz, inet, integer, text)'::regprocedure;
SELECT 'archive.is_peer(inet, integer)'::regprocedure;
SELECT 'archive.is_party(text)'::regprocedure;

ROLLBACK;
