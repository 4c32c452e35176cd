-- Revert archive:durable_commit from pg
BEGIN;

DROP FUNCTION archive.make_durable(regclass);
DROP FUNCTION archive.commit_durably() CASCADE;
DROP FUNCTION archive.flush_at_commit();
SELECT format('DROP TABLE archive.flush_%s', n) FROM generate_series(0, 15) AS n \gexec

COMMIT;
