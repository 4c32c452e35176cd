-- Deploy archive:verify to pg
-- requires: chain
-- builds: A5-6-1-integrity
BEGIN;

CREATE OR REPLACE FUNCTION archive.seal_fault(s archive.seal, before archive.seal) RETURNS text
LANGUAGE sql STABLE SET search_path = archive, pg_temp AS $$
    SELECT CASE
        WHEN s.hash IS DISTINCT FROM seal_hash(s)
             OR octet_length(s.digests) <> 32 * cardinality(s.ids)
             OR cardinality(s.kinds) <> cardinality(s.ids) OR cardinality(s.months) <> cardinality(s.ids)
            THEN 'the seal was altered'
        WHEN before.seq IS NULL AND (s.seq <> 0 OR s.prev_hash <> decode(repeat('00', 32), 'hex'))
            THEN 'the seal before it is missing'
        WHEN s.seq <> before.seq + 1 THEN 'the seal before it is missing'
        WHEN s.prev_hash <> before.hash OR s.from_xact <> before.to_xact
             OR s.total <> before.total + cardinality(s.ids)
            THEN 'the seal does not continue the one before it'
    END
$$;
COMMENT ON FUNCTION archive.seal_fault(archive.seal, archive.seal) IS
    'What is wrong with a seal itself, given the one before it (Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.first_bad_record(
    first_seq bigint, last_seq bigint, OUT kind text, OUT id bigint, OUT seal bigint, OUT reason text)
LANGUAGE sql STABLE SET search_path = archive, pg_temp SET enable_seqscan = off SET jit = off AS $$
    WITH listed AS MATERIALIZED (
        SELECT s.seq, l.kind, l.id, l.month, substr(s.digests, (32 * (l.place - 1) + 1)::integer, 32) AS digest
        FROM seal AS s, unnest(s.kinds, s.ids, s.months) WITH ORDINALITY AS l (kind, id, month, place)
        WHERE s.seq BETWEEN first_seq AND last_seq
    ), found AS MATERIALIZED (
        SELECT e.kind, e.id, e.xact, e.digest, count(*) OVER (PARTITION BY e.kind, e.id) AS copies
        FROM entry AS e
        WHERE e.xact >= (SELECT from_xact FROM seal WHERE seq = first_seq)
          AND e.xact < (SELECT to_xact FROM seal WHERE seq = last_seq)
    ), expired AS (
        SELECT e.detail ->> 'expired' AS month FROM event AS e WHERE e.kind = 'expiry'
    ), bad AS (
        SELECT kind, id, l.digest IS NOT NULL AS was, f.digest IS NOT NULL AS is, f.copies,
               coalesce(l.seq, (SELECT s.seq FROM seal AS s WHERE s.to_xact > f.xact ORDER BY s.to_xact LIMIT 1)) AS seq
        FROM listed AS l FULL JOIN found AS f USING (kind, id)
        WHERE f.copies > 1 OR l.digest IS DISTINCT FROM f.digest
          AND (f.digest IS NOT NULL
               OR NOT EXISTS (SELECT FROM expired AS x WHERE x.month = kind::text || ':' || l.month))
    )
    SELECT kind_name(kind), id, seq,
           CASE WHEN NOT was THEN 'added after its range was sealed'
                WHEN NOT bad.is THEN 'missing'
                WHEN copies > 1 THEN 'present more than once'
                ELSE 'altered' END
    FROM bad ORDER BY seq, bad.kind, id LIMIT 1
$$;
COMMENT ON FUNCTION archive.first_bad_record(bigint, bigint) IS
    'The first record of some seals that is altered, missing, added or doubled (Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.verify(from_seal bigint DEFAULT NULL)
RETURNS TABLE (kind text, id bigint, seal bigint, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = archive, pg_temp AS $$
#variable_conflict use_column
DECLARE
    before  seal;
    s       seal;
    fault   text;
    -- Seals whose own hashes hold and whose records are still to be compared.
    first   bigint := coalesce(from_seal, 0);
    waiting bigint := 0;
BEGIN
    SELECT * INTO before FROM seal WHERE seq = from_seal - 1;
    FOR s IN SELECT * FROM seal WHERE seq >= coalesce(from_seal, 0) ORDER BY seq LOOP
        fault := seal_fault(s, before);
        EXIT WHEN fault IS NOT NULL;
        before := s;
        waiting := waiting + cardinality(s.ids);
        CONTINUE WHEN waiting < 20000;
        RETURN QUERY SELECT b.* FROM first_bad_record(first, s.seq) AS b WHERE b.reason IS NOT NULL;
        IF FOUND THEN
            RETURN;
        END IF;
        first := s.seq + 1;
        waiting := 0;
    END LOOP;
    IF before.seq >= first THEN
        RETURN QUERY SELECT b.* FROM first_bad_record(first, before.seq) AS b WHERE b.reason IS NOT NULL;
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    IF fault IS NOT NULL THEN
        RETURN QUERY SELECT 'seal'::text, s.seq, s.seq, fault;
        RETURN;
    END IF;
    IF before IS NULL OR before.seq IS NULL THEN
        RETURN QUERY SELECT 'seal'::text, coalesce(from_seal, 0), coalesce(from_seal, 0), 'missing'::text;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT kind_name(e.kind), e.id, NULL::bigint, 'added beyond the archive''s clock'::text
    FROM entry AS e, machine AS m
    WHERE e.xact >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint + m.clock_offset
    ORDER BY e.kind, e.id LIMIT 1;
    IF NOT FOUND THEN
        RETURN QUERY
        SELECT 'event'::text, e.id, NULL::bigint, 'expired inside the retention'::text
        FROM event AS e
        WHERE e.kind = 'expiry'
          AND month_start(split_part(e.detail ->> 'expired', ':', 2)::integer + 1) + make_interval(days => 186)
              > least(e.recorded_at, now())
        ORDER BY e.id LIMIT 1;
    END IF;
END $$;
COMMENT ON FUNCTION archive.verify(bigint) IS
    'Checks the chain from a seal on: no row when it holds, else the first bad seal or record and why '
    '(Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.verify_head(anchored_seq bigint, anchored_hash text)
RETURNS TABLE (kind text, id bigint, seal bigint, reason text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = archive, pg_temp AS $$
    SELECT 'seal', anchored_seq, anchored_seq,
           CASE WHEN s.hash IS NULL THEN 'missing: the tail was cut' ELSE 'not the seal that was anchored' END
    FROM (VALUES (anchored_seq)) AS a (seq) LEFT JOIN seal AS s USING (seq)
    WHERE s.hash IS DISTINCT FROM decode(anchored_hash, 'hex')
$$;
COMMENT ON FUNCTION archive.verify_head(bigint, text) IS
    'Compares the chain with a head kept elsewhere: no row when it holds (Art. 5 6-1, integrity).';

COMMIT;
