-- Revert archive:access_disclosure from pg
BEGIN;

DROP FUNCTION archive.check_selector(jsonb);
ALTER FUNCTION archive.check_party_selector(jsonb) RENAME TO check_selector;
COMMENT ON FUNCTION archive.check_selector(jsonb) IS
    'Refuses a selector that is not narrow: a party or ids, within at most 31 days of recording (Art. 7).';
DROP FUNCTION archive.select_access(jsonb);

COMMIT;

\ir ../deploy/disclosing.sql
