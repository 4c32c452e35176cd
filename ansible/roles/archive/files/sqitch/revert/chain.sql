-- Revert archive:chain from pg
BEGIN;

-- Going back must never be a way to remove records.
DO $$
BEGIN
    IF EXISTS (SELECT FROM archive.message) THEN
        RAISE EXCEPTION 'not reverted: archive.message holds records' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

DROP FUNCTION archive.summarize();
DROP FUNCTION archive.lag_seconds();
DROP FUNCTION archive.heads();
DROP FUNCTION archive.advance_clock(text);
DROP FUNCTION archive.seal_next();
DROP FUNCTION archive.append_seal(bigint);
DROP VIEW archive.entry;
DROP VIEW archive.place;
DROP FUNCTION archive.seal_hash(archive.seal);
DROP TABLE archive.seal;
DROP FUNCTION archive.kind_name("char");
DROP FUNCTION archive.digest_of(json);
DROP FUNCTION archive.instant(timestamptz);

COMMIT;
