-- Revert archive:disclosure_record from pg
BEGIN;

-- Going back must never be a way to remove records.
DO $$
BEGIN
    IF EXISTS (SELECT FROM archive.disclosure) THEN
        RAISE EXCEPTION 'not reverted: archive.disclosure holds records' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

DROP TABLE archive.disclosure;

COMMIT;
