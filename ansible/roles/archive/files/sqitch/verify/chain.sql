-- Verify archive:chain on pg
BEGIN;

SELECT FROM archive.seal WHERE false;
SELECT 1 / count(*)
FROM pg_trigger WHERE tgrelid = 'archive.seal'::regclass AND tgname = 'append_only' AND tgenabled = 'A';
SELECT FROM archive.entry WHERE false;
SELECT FROM archive.place WHERE false;
SELECT 'archive.summarize()'::regprocedure;
SELECT 'archive.lag_seconds()'::regprocedure;
SELECT 'archive.heads()'::regprocedure;
SELECT 'archive.advance_clock(text)'::regprocedure;
SELECT 'archive.seal_next()'::regprocedure;
SELECT 'archive.append_seal(bigint)'::regprocedure;
SELECT 'archive.seal_hash(archive.seal)'::regprocedure;
SELECT 'archive.kind_name("char")'::regprocedure;
SELECT 'archive.digest_of(json)'::regprocedure;
SELECT 'archive.instant(timestamptz)'::regprocedure;

ROLLBACK;
