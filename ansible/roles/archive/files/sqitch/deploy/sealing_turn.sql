-- Deploy archive:sealing_turn to pg
-- requires: disclosing
-- builds: A5-6-1-integrity
BEGIN;

CREATE TABLE IF NOT EXISTS archive.sealing_turn (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row));
COMMENT ON TABLE archive.sealing_turn IS 'The row that whoever chains records locks, so that one does at a time.';
INSERT INTO archive.sealing_turn DEFAULT VALUES ON CONFLICT DO NOTHING;
SELECT archive.make_append_only('archive.sealing_turn');

CREATE OR REPLACE FUNCTION archive.seal_next(OUT seq bigint, OUT records integer, OUT hash text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = archive, pg_temp SET jit = off AS $$
#variable_conflict use_column
DECLARE
    last_to bigint := (SELECT to_xact FROM seal ORDER BY seq DESC LIMIT 1);
    -- Every transaction below it has ended, so no record can appear in the range any more.
    horizon bigint := (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + clock_offset FROM machine);
    first   bigint;
    made    seal;
BEGIN
    IF horizon < last_to THEN
        RAISE EXCEPTION 'the archive''s clock ran backwards: transaction ids here are older than the last seal'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'After a logical restore, call archive.advance_clock(reason) before any writer connects.';
    END IF;
    SELECT min(xact) INTO first FROM place WHERE xact >= last_to AND xact < horizon;
    IF first IS NULL THEN
        RETURN;
    END IF;
    -- A row that only this locks: an advisory lock, or the machine's row, a client could hold against us.
    PERFORM FROM sealing_turn FOR UPDATE SKIP LOCKED;
    IF NOT FOUND OR last_to <> (SELECT to_xact FROM seal ORDER BY seq DESC LIMIT 1) THEN
        RETURN;
    END IF;
    -- In steps, so that a backlog neither fills memory nor makes one endless transaction.
    made := append_seal(least(horizon, first + 20000));
    PERFORM set_config('synchronous_commit', 'on', true);
    seq := made.seq;
    records := cardinality(made.ids);
    hash := encode(made.hash, 'hex');
END $$;

COMMIT;
