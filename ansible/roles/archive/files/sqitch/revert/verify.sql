-- Revert archive:verify from pg
BEGIN;

DROP FUNCTION archive.verify_head(bigint, text);
DROP FUNCTION archive.verify(bigint);
DROP FUNCTION archive.first_bad_record(bigint, bigint);
DROP FUNCTION archive.seal_fault(archive.seal, archive.seal);

COMMIT;
