-- Verify archive:disclosure on pg
BEGIN;

SELECT FROM archive.disclosures WHERE false;
SELECT 'archive.counts(timestamptz)'::regprocedure;
SELECT 'archive.fetch_disclosure(bigint)'::regprocedure;
SELECT 'archive.request_disclosure(text, date, text, jsonb)'::regprocedure;
SELECT 'archive.select_records(jsonb)'::regprocedure;
SELECT 'archive.check_selector(jsonb)'::regprocedure;
SELECT 'archive.texts(jsonb)'::regprocedure;

ROLLBACK;
