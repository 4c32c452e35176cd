-- Revert archive:message from pg
BEGIN;

-- Going back must never be a way to remove records.
DO $$
BEGIN
    IF EXISTS (SELECT FROM archive.message) THEN
        RAISE EXCEPTION 'not reverted: archive.message holds records' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

DROP FUNCTION archive.record_message(text, text, text, text, timestamptz, timestamptz, inet, integer, text);
DROP FUNCTION archive.prepare_session(text);
DROP FUNCTION archive.refuse_message(text, text, text, timestamptz, timestamptz, inet, integer, text);
DROP FUNCTION archive.is_message(text, text, text, timestamptz, timestamptz, timestamptz, inet, integer, text);
DROP FUNCTION archive.is_peer(inet, integer);
DROP FUNCTION archive.is_party(text);
DROP TABLE archive.message;

COMMIT;
