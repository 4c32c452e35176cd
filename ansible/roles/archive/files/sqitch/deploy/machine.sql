-- Deploy archive:machine to pg
-- requires: schema
-- builds: A5-6-1-integrity
BEGIN;

CREATE TABLE IF NOT EXISTS archive.machine (
    only_row        boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    pepper          bytea NOT NULL,
    clock_offset    bigint NOT NULL DEFAULT 0,
    partitions_from timestamptz NOT NULL,
    partitions_until timestamptz NOT NULL,
    -- 186 days: rows carry users' addresses (Art. 6 7-2), whose six months is the least the law names.
    message_retention_days integer NOT NULL DEFAULT 366 CHECK (message_retention_days >= 186)
);
COMMENT ON TABLE archive.machine IS 'The one row of state that the record functions depend on.';
COMMENT ON COLUMN archive.machine.pepper IS
    'One half of every open data key; the other half lives only in the memory of the session using it.';
COMMENT ON COLUMN archive.machine.clock_offset IS
    'Added to transaction ids, so that the archive''s clock never runs backwards after a logical restore.';

INSERT INTO archive.machine (pepper, partitions_from, partitions_until)
SELECT crypto.gen_random_bytes(64), this_month, this_month
FROM (SELECT date_trunc('month', now(), 'UTC') AS this_month) AS here
ON CONFLICT DO NOTHING;

-- What record_message needs of the row. These functions, and open_channels, read a table and still call themselves
-- IMMUTABLE: the planner then evaluates them once for each plan of a session, and no message pays for a look-up.
-- Such a plan lasts until archive.message is altered: what changes the row calls plan_anew.
CREATE OR REPLACE FUNCTION archive.pepper() RETURNS bytea
LANGUAGE plpgsql IMMUTABLE SET search_path = archive, pg_temp AS $$
BEGIN RETURN (SELECT m.pepper FROM machine AS m); END $$;
COMMENT ON FUNCTION archive.pepper() IS
    'One half of every open data key, once for each plan (Art. 5 6-1, access).';

CREATE OR REPLACE FUNCTION archive.clock_offset() RETURNS bigint
LANGUAGE plpgsql IMMUTABLE SET search_path = archive, pg_temp AS $$
BEGIN RETURN (SELECT m.clock_offset FROM machine AS m); END $$;
COMMENT ON FUNCTION archive.clock_offset() IS
    'What is added to transaction ids, once for each plan (Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.partitioned() RETURNS tstzrange
LANGUAGE plpgsql IMMUTABLE SET search_path = archive, pg_temp AS $$
BEGIN RETURN (SELECT tstzrange(m.partitions_from, m.partitions_until) FROM machine AS m); END $$;
COMMENT ON FUNCTION archive.partitioned() IS
    'The time that has partitions, once for each plan (Art. 5 6-1, durable).';

CREATE OR REPLACE FUNCTION archive.plan_anew() RETURNS void
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
BEGIN
    -- Changes nothing but the age of the table's plans, in every session.
    ALTER TABLE message ALTER COLUMN channel SET STATISTICS -1;
END $$;
COMMENT ON FUNCTION archive.plan_anew() IS
    'Makes every session plan its recording anew, and so read what a plan remembers (Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.clock() RETURNS bigint
LANGUAGE sql VOLATILE SET search_path = archive, pg_temp AS $$
    SELECT pg_current_xact_id()::text::bigint + clock_offset FROM machine
$$;
COMMENT ON FUNCTION archive.clock() IS
    'The place of this transaction in the archive''s order; the sealing job closes ranges of it (Art. 5 '
    '6-1, integrity).';

CREATE TABLE IF NOT EXISTS archive.event (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xact        bigint NOT NULL DEFAULT archive.clock(),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind        text NOT NULL,
    detail      jsonb NOT NULL,
    done_by     text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE archive.event IS
    'What was done to the archive itself: lists grown, partitions expired, clock moved.';
CREATE INDEX IF NOT EXISTS event_xact ON archive.event (xact);
SELECT archive.make_append_only('archive.event');

CREATE OR REPLACE FUNCTION archive.set_message_retention(days integer) RETURNS boolean
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
DECLARE
    before integer := (SELECT message_retention_days FROM machine);
BEGIN
    IF days IS NULL OR days < 186 THEN
        RAISE EXCEPTION 'a retention of % days is refused: 186 days is the least', days
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF days = before THEN
        RETURN false;
    END IF;
    UPDATE machine SET message_retention_days = days;
    INSERT INTO event (kind, detail)
    VALUES ('retention', jsonb_build_object('before_days', before, 'after_days', days));
    RETURN true;
END $$;
COMMENT ON FUNCTION archive.set_message_retention(integer) IS
    'Sets how many days records are kept at the least; true when that is a change. Chained (Art. 5 6-1, '
    'durable).';

COMMIT;
