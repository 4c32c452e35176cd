-- Verify archive:verify on pg
BEGIN;

SELECT 'archive.verify_head(bigint, text)'::regprocedure;
SELECT 'archive.verify(bigint)'::regprocedure;
SELECT 'archive.first_bad_record(bigint, bigint)'::regprocedure;
SELECT 'archive.seal_fault(archive.seal, archive.seal)'::regprocedure;

ROLLBACK;
