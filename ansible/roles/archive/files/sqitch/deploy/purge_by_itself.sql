-- Deploy archive:purge_by_itself to pg
-- requires: holds
-- builds: A5-6-1-durable, A5-6-1-integrity, A6-7-2-ip, A6-7-2-transactions
BEGIN;

CREATE OR REPLACE FUNCTION archive.chained_in(
    letter text, number integer, from_seal bigint, to_seal bigint,
    OUT records bigint, OUT first_seal bigint, OUT last_seal bigint, OUT digest text)
LANGUAGE sql STABLE SET search_path = archive, pg_temp SET jit = off AS $$
    SELECT coalesce(sum(b.records), 0)::bigint, min(b.seq), max(b.seq),
           encode(sha256(coalesce(string_agg(b.digest, '' ORDER BY b.seq), '')), 'hex')
    FROM (
        SELECT s.seq, count(*) AS records,
               sha256(string_agg(substr(s.digests, (32 * (l.place - 1) + 1)::integer, 32), '' ORDER BY l.place)) AS digest
        FROM seal AS s, unnest(s.kinds, s.months) WITH ORDINALITY AS l (kind, month, place)
        WHERE s.seq BETWEEN from_seal AND to_seal AND l.kind = letter::"char" AND l.month = number
        GROUP BY s.seq
    ) AS b
$$;
COMMENT ON FUNCTION archive.chained_in(text, integer, bigint, bigint) IS
    'What the chain lists of a period: how many records, its first and last seal, and the SHA-256 over each seal''s '
    'SHA-256 over the records'' digests. The seals stay when the records have gone (Art. 5 6-1, integrity).';

-- By kind, so that a record of another kind that was tampered with in the same seal holds nothing else up.
CREATE OR REPLACE FUNCTION archive.first_unlike(letter text, number integer, from_seal bigint, to_seal bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = archive, pg_temp SET enable_seqscan = off SET jit = off AS $$
    WITH listed AS MATERIALIZED (
        SELECT l.id, substr(s.digests, (32 * (l.place - 1) + 1)::integer, 32) AS digest
        FROM seal AS s, unnest(s.kinds, s.months, s.ids) WITH ORDINALITY AS l (kind, month, id, place)
        WHERE s.seq BETWEEN from_seal AND to_seal AND l.kind = letter::"char" AND l.month = number
    ), found AS MATERIALIZED (
        SELECT e.id, e.digest FROM entry AS e
        WHERE e.kind = letter::"char" AND e.month = number
          AND e.xact >= (SELECT from_xact FROM seal WHERE seq = from_seal)
          AND e.xact < (SELECT to_xact FROM seal WHERE seq = to_seal)
    )
    SELECT id FROM listed AS l FULL JOIN found AS f USING (id) WHERE l.digest IS DISTINCT FROM f.digest ORDER BY id LIMIT 1
$$;
COMMENT ON FUNCTION archive.first_unlike(text, integer, bigint, bigint) IS
    'The first record of a period, within some seals, that is not what the chain lists; null when all are (Art. 5 6-1, '
    'integrity).';

CREATE OR REPLACE FUNCTION archive.first_bad_between(
    letter text, number integer, from_seal bigint, to_seal bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = archive, pg_temp AS $$
DECLARE
    s       record;
    first   bigint := from_seal;
    waiting bigint := 0;
    bad     bigint;
BEGIN
    -- In steps, so that a month fills no memory.
    FOR s IN SELECT seq, cardinality(ids) AS records FROM seal WHERE seq BETWEEN from_seal AND to_seal ORDER BY seq LOOP
        waiting := waiting + s.records;
        CONTINUE WHEN waiting < 20000 AND s.seq < to_seal;
        bad := first_unlike(letter, number, first, s.seq);
        IF bad IS NOT NULL THEN
            RETURN bad;
        END IF;
        first := s.seq + 1;
        waiting := 0;
    END LOOP;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION archive.first_bad_between(text, integer, bigint, bigint) IS
    'As first_unlike, for as many seals as a period has (Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.expire_periods(of_unit text, more_days integer) RETURNS SETOF text
LANGUAGE plpgsql SET search_path = archive, pg_temp SET timezone = 'UTC' SET lock_timeout = '5s' SET jit = off AS $$
#variable_conflict use_column
DECLARE
    sealed_to  bigint := (SELECT to_xact FROM seal ORDER BY seq DESC LIMIT 1);
    due        record;
    rows       record;
    chained    record;
    fault      text;
    going      jsonb[] := '{}';
    one        jsonb;
BEGIN
    -- A hold that is being added is waited for; one that comes later finds what it selects gone.
    LOCK TABLE hold IN SHARE MODE;
    -- Nothing is written before all of it is read: who writes holds the chain up until it commits.
    FOR due IN
        SELECT p.* FROM periods() AS p
        -- 186: whatever the row says (Art. 6 7-2).
        WHERE p.unit = of_unit
          AND p.ends + make_interval(days => greatest(p.retention_days, 186) + greatest(more_days, 0)) <= clock_timestamp()
        ORDER BY p.ends, p.parent
    LOOP
        IF is_held(due.parent, due.starts, due.ends, due.parties) THEN
            RAISE NOTICE '% is held', due.partition;
            CONTINUE;
        END IF;
        EXECUTE format('LOCK TABLE archive.%I IN SHARE MODE', due.partition);
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
        going := going || jsonb_build_object(
            'expired', due.letter || ':' || due.number, 'partition', due.partition, 'from', due.starts,
            'until', due.ends, 'unit', due.unit, 'records', rows.count, 'first_id', rows.first_id,
            'last_id', rows.last_id, 'first_seal', chained.first_seal, 'last_seal', chained.last_seal,
            'digest', chained.digest, 'retention_days', greatest(due.retention_days, 186) + greatest(more_days, 0));
    END LOOP;
    FOREACH one IN ARRAY going LOOP
        INSERT INTO event (kind, detail) VALUES ('expiry', one);
        EXECUTE format('DROP TABLE archive.%I', one ->> 'partition');
        IF one ->> 'unit' = 'month' THEN
            UPDATE machine SET partitions_from = greatest(partitions_from, (one ->> 'until')::timestamptz);
        ELSE
            UPDATE access_days SET days_from = greatest(days_from, (one ->> 'until')::timestamptz);
        END IF;
        RETURN NEXT one ->> 'partition';
    END LOOP;
END $$;
COMMENT ON FUNCTION archive.expire_periods(text, integer) IS
    'Drops whole months or days whose retention is over and that no hold selects; some days later if it is told '
    'to. What is not as the chain says stays. Each leaves a chained record with the SHA-256 of what went (Art. 5 6-1, durable).';

CREATE OR REPLACE FUNCTION archive.expire_partitions(retention_days integer) RETURNS SETOF text
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
DECLARE
    least_days integer := (SELECT message_retention_days FROM machine);
BEGIN
    IF retention_days IS NULL OR retention_days < least_days THEN
        RAISE EXCEPTION 'expiry refused: records are kept for % days at the least', least_days
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN QUERY SELECT * FROM expire_periods('month', retention_days - least_days);
END $$;
COMMENT ON FUNCTION archive.expire_partitions(integer) IS
    'As expire_periods, of months; refuses a retention below the archive''s own (Art. 5 6-1, durable).';

CREATE OR REPLACE FUNCTION archive.expire_days(retention_days integer) RETURNS SETOF text
LANGUAGE plpgsql SET search_path = archive, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    least_days integer := (SELECT ip_retention_days FROM access_days);
BEGIN
    IF retention_days IS NULL OR retention_days < least_days THEN
        RAISE EXCEPTION 'expiry refused: access records are kept for % days at the least', least_days
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN QUERY SELECT * FROM expire_periods('day', retention_days - least_days);
END $$;
COMMENT ON FUNCTION archive.expire_days(integer) IS
    'As expire_periods, of days of access records; refuses a retention below the archive''s own (Art. 6 7-2).';

CREATE OR REPLACE FUNCTION archive.purge() RETURNS SETOF text
LANGUAGE sql SECURITY DEFINER SET search_path = archive, pg_temp AS $$
    SELECT expire_partitions(message_retention_days) FROM machine
    UNION ALL SELECT expire_days(ip_retention_days) FROM access_days
$$;
COMMENT ON FUNCTION archive.purge() IS
    'What the timer calls: purges what the archive''s own retention lets go. Takes nothing from its caller (Art. 6 7-2).';

CREATE OR REPLACE FUNCTION archive.first_bad_purge()
RETURNS TABLE (kind text, id bigint, seal bigint, reason text)
LANGUAGE sql STABLE SET search_path = archive, pg_temp SET jit = off AS $$
    WITH purged AS (
        SELECT e.id, e.detail, e.detail ->> 'expired' AS period, split_part(e.detail ->> 'expired', ':', 1) AS letter,
               split_part(e.detail ->> 'expired', ':', 2)::integer AS number
        FROM event AS e WHERE e.kind = 'expiry'
    ), counted AS (
        SELECT p.period, max(p.id) AS id, sum((p.detail ->> 'records')::bigint) AS records FROM purged AS p GROUP BY p.period
    ), listed AS (
        SELECT l.kind::text || ':' || l.month AS period, count(*) AS records
        FROM seal AS s, unnest(s.kinds, s.months) AS l (kind, month)
        WHERE EXISTS (SELECT FROM purged) AND l.month <> 0 GROUP BY 1
    ), bad AS (
        SELECT p.id, 'says otherwise than the chain what was purged' AS reason
        FROM purged AS p,
             LATERAL chained_in(p.letter, p.number, (p.detail ->> 'first_seal')::bigint,
                                (p.detail ->> 'last_seal')::bigint) AS c
        WHERE p.detail ? 'digest'
          AND (c.records, c.digest) IS DISTINCT FROM ((p.detail ->> 'records')::bigint, p.detail ->> 'digest')
        UNION ALL
        SELECT c.id, 'counts other records than the chain has of what was purged'
        FROM counted AS c LEFT JOIN listed AS l USING (period)
        WHERE c.records <> coalesce(l.records, 0)
          AND c.period NOT IN (SELECT q.letter || ':' || q.number FROM periods() AS q)
    )
    SELECT 'event', b.id, NULL::bigint, b.reason FROM bad AS b ORDER BY b.id LIMIT 1
$$;
COMMENT ON FUNCTION archive.first_bad_purge() IS
    'The first record of a purge that does not fit the chain, which still lists what went (Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.verify(from_seal bigint DEFAULT NULL)
RETURNS TABLE (kind text, id bigint, seal bigint, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = archive, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT c.* FROM verify_chain(from_seal) AS c;
    IF FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT 'message'::text, f.id, NULL::bigint, 'sealed with a data key that is not in the archive'::text
    FROM first_without_key(coalesce((SELECT from_xact FROM seal WHERE seq = from_seal),
                                    '-9223372036854775808'::bigint)) AS f (id)
    WHERE f.id IS NOT NULL;
    IF NOT FOUND THEN
        RETURN QUERY
        SELECT 'event'::text, f.id, NULL::bigint, 'expired inside the retention'::text
        FROM first_early_day() AS f (id) WHERE f.id IS NOT NULL;
    END IF;
    -- From some seal on, what was purged may lie before it.
    IF NOT FOUND AND from_seal IS NULL THEN
        RETURN QUERY SELECT p.* FROM first_bad_purge() AS p;
    END IF;
END $$;
COMMENT ON FUNCTION archive.verify(bigint) IS
    'Checks the chain from a seal on, that each message can be opened by whoever holds the sealing key, and, of the whole '
    'chain, that what was purged is what its record says: no row when all hold, else the first bad seal or record and why '
    '(Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.purges()
RETURNS TABLE (purged_at timestamptz, record text, starts timestamptz, ends timestamptz, records bigint,
               first_seal bigint, last_seal bigint, digest text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = archive, pg_temp AS $$
    SELECT e.recorded_at, kind_name(left(e.detail ->> 'expired', 1)::"char"), (e.detail ->> 'from')::timestamptz,
           (e.detail ->> 'until')::timestamptz, (e.detail ->> 'records')::bigint, (e.detail ->> 'first_seal')::bigint,
           (e.detail ->> 'last_seal')::bigint, e.detail ->> 'digest'
    FROM event AS e WHERE e.kind = 'expiry' ORDER BY e.id
$$;
COMMENT ON FUNCTION archive.purges() IS
    'What was purged, when, and the SHA-256 of what went: for whoever verifies the chain (Art. 5 6-1, integrity).';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA archive FROM PUBLIC;
GRANT EXECUTE ON FUNCTION archive.verify(bigint), archive.purges() TO archive_auditor;
GRANT USAGE ON SCHEMA archive TO archive_purger;
GRANT EXECUTE ON FUNCTION archive.purge() TO archive_purger;

COMMIT;
