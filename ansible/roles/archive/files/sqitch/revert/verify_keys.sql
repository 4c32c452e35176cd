-- Revert archive:verify_keys from pg
BEGIN;

DROP FUNCTION archive.verify(bigint);
DROP FUNCTION archive.first_without_key(bigint);
ALTER FUNCTION archive.verify_chain(bigint) RENAME TO verify;
GRANT EXECUTE ON FUNCTION archive.verify(bigint) TO archive_auditor;

COMMIT;
