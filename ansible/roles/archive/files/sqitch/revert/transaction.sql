-- Revert archive:transaction from pg
BEGIN;

-- Going back must never be a way to remove records.
DO $$
BEGIN
    IF EXISTS (SELECT FROM archive.transaction) THEN
        RAISE EXCEPTION 'not reverted: archive.transaction holds records' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

DROP FUNCTION archive.record_transaction(text, text, numeric, text, text, text, inet, integer, timestamptz);
DROP TABLE archive.transaction;

COMMIT;
