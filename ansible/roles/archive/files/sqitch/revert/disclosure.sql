-- Revert archive:disclosure from pg
BEGIN;

DROP FUNCTION archive.counts(timestamptz);
DROP FUNCTION archive.fetch_disclosure(bigint);
DROP FUNCTION archive.request_disclosure(text, date, text, jsonb);
DROP FUNCTION archive.select_records(jsonb);
DROP FUNCTION archive.check_selector(jsonb);
DROP FUNCTION archive.texts(jsonb);
DROP VIEW archive.disclosures;

COMMIT;
