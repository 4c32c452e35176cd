-- Deploy archive:purge_in_steps to pg
-- requires: two_clocks
-- builds: A5-6-1-durable, A5-6-1-integrity, A6-7-2-ip, A6-7-2-transactions
BEGIN;

CREATE TABLE IF NOT EXISTS archive.cleared (
    partition name PRIMARY KEY,
    ends      timestamptz NOT NULL,
    record    jsonb NOT NULL,
    holds     bigint[] NOT NULL
);
COMMENT ON TABLE archive.cleared IS
    'Periods whose records were compared with the chain and may go: the record that their purge is to leave, and the holds '
    'there were. Between a long comparison, which writes all of it anew, and a short removal.';

CREATE OR REPLACE FUNCTION archive.due_periods(of_unit text, more_days integer)
RETURNS TABLE (parent text, letter text, parties text[], partition name, starts timestamptz, ends timestamptz,
               number integer, unit text, kept_days integer)
LANGUAGE sql STABLE SET search_path = archive, pg_temp SET timezone = 'UTC' SET jit = off AS $$
    SELECT p.parent, p.letter, p.parties, p.partition, p.starts, p.ends, p.number, p.unit, k.days
    FROM periods() AS p,
         -- 186: whatever the row says (Art. 6 7-2).
         LATERAL (SELECT greatest(p.retention_days, 186) + greatest(more_days, 0)) AS k (days)
    WHERE (of_unit IS NULL OR p.unit = of_unit) AND p.ends + make_interval(days => k.days) <= purge_clock()
    ORDER BY p.ends, p.parent
$$;
COMMENT ON FUNCTION archive.due_periods(text, integer) IS
    'The months or days, or both for null, whose retention is over by both clocks; some days later if it is told to '
    '(Art. 6 7-2).';

CREATE OR REPLACE FUNCTION archive.compare_periods(of_unit text, more_days integer) RETURNS SETOF text
LANGUAGE plpgsql SET search_path = archive, pg_temp SET timezone = 'UTC' SET lock_timeout = '5s' SET jit = off AS $$
#variable_conflict use_column
DECLARE
    sealed_to  bigint := (SELECT to_xact FROM seal ORDER BY seq DESC LIMIT 1);
    told       timestamptz := (SELECT told_at FROM witness);
    -- A hold that is not among these comes while we compare.
    holds_seen bigint[] := ARRAY(SELECT id FROM hold);
    waiting    bigint;
    due        record;
    rows       record;
    chained    record;
    fault      text;
    found      cleared[] := '{}';
BEGIN
    SELECT count(*) INTO waiting FROM periods() AS p
    WHERE (of_unit IS NULL OR p.unit = of_unit)
      AND p.ends + make_interval(days => greatest(p.retention_days, 186) + greatest(more_days, 0))
          BETWEEN purge_clock() + interval '1 microsecond' AND clock_timestamp() - interval '1 day';
    IF waiting > 0 THEN
        RAISE WARNING '% periods are due by this machine''s clock alone and stay: %', waiting,
            coalesce('the vault told its time last at ' || told, 'the vault has told no time yet');
    END IF;
    -- Nothing is written, and nothing locked against writers, before all of it is read: who writes holds the chain up
    -- until it commits.
    FOR due IN SELECT * FROM due_periods(of_unit, more_days) LOOP
        IF is_held(due.parent, due.starts, due.ends, due.parties) THEN
            RAISE NOTICE '% is held', due.partition;
            CONTINUE;
        END IF;
        EXECUTE format('SELECT count(*) AS count, min(id) AS first_id, max(id) AS last_id,
                               max(xact) AS last_xact FROM archive.%I', due.partition)
        INTO rows;
        -- Not only the seals of the rows that are there: what is missing is to be missed.
        SELECT c.* INTO chained
        FROM (SELECT min(seq) AS first, max(seq) AS last FROM seal WHERE sealed_at >= due.starts) AS s,
             LATERAL chained_in(due.letter, due.number, s.first, s.last) AS c;
        -- What is not as the chain says stays, for whoever looks into that.
        fault := CASE
            WHEN rows.last_xact >= sealed_to THEN 'it holds records that are not chained yet'
            WHEN rows.count <> chained.records THEN format('the chain has %s records of it, not %s', chained.records, rows.count)
            ELSE 'not as chained: record '
                 || first_bad_between(due.letter, due.number, chained.first_seal, chained.last_seal) END;
        IF fault IS NOT NULL THEN
            RAISE WARNING '% is not purged: %', due.partition, fault;
            CONTINUE;
        END IF;
        found := found || ROW(due.partition, due.ends, jsonb_build_object(
            'expired', due.letter || ':' || due.number, 'partition', due.partition, 'from', due.starts,
            'until', due.ends, 'unit', due.unit, 'records', rows.count, 'first_id', rows.first_id,
            'last_id', rows.last_id, 'first_seal', chained.first_seal, 'last_seal', chained.last_seal,
            'digest', chained.digest, 'retention_days', due.kept_days), holds_seen)::cleared;
    END LOOP;
    IF cardinality(found) > 0 OR EXISTS (SELECT FROM cleared) THEN
        DELETE FROM cleared;
        INSERT INTO cleared SELECT f.* FROM unnest(found) AS f;
    END IF;
    RETURN QUERY SELECT f.partition::text FROM unnest(found) AS f;
END $$;
COMMENT ON FUNCTION archive.compare_periods(text, integer) IS
    'Compares with the chain what is due and not held, and lists what may go; takes its time, and nobody waits for it. '
    'What is not as the chain says stays (Art. 5 6-1, durable).';

CREATE OR REPLACE FUNCTION archive.let_go() RETURNS text
LANGUAGE plpgsql SET search_path = archive, pg_temp SET timezone = 'UTC' SET lock_timeout = '500ms' AS $$
#variable_conflict use_column
DECLARE
    one  cleared;
    last bigint;
BEGIN
    LOOP
        SELECT * INTO one FROM cleared ORDER BY ends, partition LIMIT 1 FOR UPDATE;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
        DELETE FROM cleared WHERE partition = one.partition;
        -- A hold that is being added is waited for; one that comes later finds what it selects gone.
        LOCK TABLE hold IN SHARE MODE;
        IF EXISTS (SELECT FROM hold AS h WHERE h.id <> ALL (one.holds)) THEN
            RAISE NOTICE '% stays until it is compared again: a hold has come', one.partition;
        ELSIF NOT EXISTS (SELECT FROM due_periods(NULL, 0) AS d WHERE d.partition = one.partition) THEN
            RAISE NOTICE '% is not due any more', one.partition;
        ELSE
            EXECUTE format('LOCK TABLE archive.%I IN ACCESS EXCLUSIVE MODE', one.partition);
            EXECUTE format('SELECT max(id) FROM archive.%I', one.partition) INTO last;
            EXIT WHEN last IS NOT DISTINCT FROM (one.record ->> 'last_id')::bigint;
            RAISE WARNING '% is not purged: a record has come to it', one.partition;
        END IF;
    END LOOP;
    INSERT INTO event (kind, detail)
    SELECT 'expiry', one.record || jsonb_build_object('witnessed', w.told_at) FROM witness AS w;
    IF one.record ->> 'unit' = 'month' THEN
        UPDATE machine SET partitions_from = greatest(partitions_from, one.ends);
    ELSE
        UPDATE access_days SET days_from = greatest(days_from, one.ends);
    END IF;
    -- Last: writers wait from here to the commit, and no longer than the timeout for whoever reads.
    EXECUTE format('DROP TABLE archive.%I', one.partition);
    RETURN one.partition;
END $$;
COMMENT ON FUNCTION archive.let_go() IS
    'Drops the next period that was compared, unless a hold or a record came since, and leaves a chained record with the '
    'SHA-256 of what went; null when there is none. Gives up within a second when the tables are in use (Art. 5 6-1, durable).';

CREATE OR REPLACE FUNCTION archive.expire_periods(of_unit text, more_days integer) RETURNS SETOF text
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
DECLARE
    gone text;
BEGIN
    PERFORM compare_periods(of_unit, more_days);
    LOOP
        gone := let_go();
        EXIT WHEN gone IS NULL;
        RETURN NEXT gone;
    END LOOP;
END $$;
COMMENT ON FUNCTION archive.expire_periods(text, integer) IS
    'As compare_periods and let_go, in one transaction, for whoever does it by hand: writers wait until it commits (Art. 5 '
    '6-1, durable).';

CREATE OR REPLACE FUNCTION archive.clear_due() RETURNS SETOF text
LANGUAGE sql SECURITY DEFINER SET search_path = archive, pg_temp AS $$ SELECT compare_periods(NULL, 0) $$;
COMMENT ON FUNCTION archive.clear_due() IS
    'What the purge calls first: compares what the archive''s own retentions let go, and names it. Takes nothing from its '
    'caller (Art. 6 7-2).';

CREATE OR REPLACE FUNCTION archive.purge() RETURNS SETOF text
LANGUAGE sql SECURITY DEFINER SET search_path = archive, pg_temp AS $$
    SELECT g.gone FROM let_go() AS g (gone) WHERE g.gone IS NOT NULL
$$;
COMMENT ON FUNCTION archive.purge() IS
    'What the purge calls then, a transaction each, until it gives no row: lets one period go. Takes nothing from its '
    'caller (Art. 6 7-2).';

REVOKE ALL ON ALL TABLES IN SCHEMA archive FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA archive FROM PUBLIC;
GRANT EXECUTE ON FUNCTION archive.clear_due(), archive.purge() TO archive_purger;

COMMIT;
