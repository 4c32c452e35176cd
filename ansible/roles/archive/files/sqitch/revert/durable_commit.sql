-- Revert archive:durable_commit from pg
BEGIN;

DROP FUNCTION archive.make_durable(regclass);
DROP FUNCTION archive.commit_durably() CASCADE;

COMMIT;
