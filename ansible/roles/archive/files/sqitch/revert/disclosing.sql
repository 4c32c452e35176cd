-- Revert archive:disclosing from pg
\ir ../deploy/disclosure.sql

BEGIN;

DROP FUNCTION archive.is_bounded(jsonb);

COMMIT;
