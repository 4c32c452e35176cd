-- Verify archive:lists on pg
BEGIN;

SELECT FROM archive.means WHERE false;
SELECT FROM archive.channel WHERE false;
SELECT 1 / count(*)
FROM pg_trigger WHERE tgrelid = 'archive.means'::regclass AND tgname = 'append_only' AND tgenabled = 'A';
SELECT 1 / count(*)
FROM pg_trigger WHERE tgrelid = 'archive.channel'::regclass AND tgname = 'append_only' AND tgenabled = 'A';
SELECT 'archive.add_means(text, text)'::regprocedure;
SELECT 'archive.open_channels()'::regprocedure;
SELECT 'archive.add_channel(text, text)'::regprocedure;

ROLLBACK;
