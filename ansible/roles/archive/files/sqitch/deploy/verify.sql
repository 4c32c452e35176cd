-- Deploy archive:verify to pg
-- requires: chain
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

CREATE OR REPLACE FUNCTION archive.first_bad_record(s archive.seal, expired text[], OUT kind text, OUT id bigint, OUT reason text)
LANGUAGE sql STABLE SET search_path = archive, pg_temp AS $$
    WITH listed AS (
        SELECT l.kind, l.id, l.month, substr(s.digests, (32 * (l.place - 1) + 1)::integer, 32) AS digest
        FROM unnest(s.kinds, s.ids, s.months) WITH ORDINALITY AS l (kind, id, month, place)
    ), found AS (
        SELECT e.kind, e.id, e.digest, count(*) OVER (PARTITION BY e.kind, e.id) AS copies
        FROM entry AS e WHERE e.xact >= s.from_xact AND e.xact < s.to_xact
    )
    SELECT kind_name(kind), id,
           CASE WHEN l.digest IS NULL THEN 'added after its range was sealed'
                WHEN f.digest IS NULL THEN 'missing'
                WHEN f.copies > 1 THEN 'present more than once'
                ELSE 'altered' END
    FROM listed AS l FULL JOIN found AS f USING (kind, id)
    WHERE l.digest IS DISTINCT FROM f.digest AND NOT (f.digest IS NULL AND (kind::text || ':' || l.month) = ANY (expired))
       OR f.copies > 1
    ORDER BY kind, id LIMIT 1
$$;
COMMENT ON FUNCTION archive.first_bad_record(archive.seal, text[]) IS
    'The first record of a seal that is altered, missing, added or doubled (Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.verify(from_seal bigint DEFAULT NULL)
RETURNS TABLE (kind text, id bigint, seal bigint, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = archive, pg_temp SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    before  seal;
    s       seal;
    expired text[];
BEGIN
    SELECT array_agg(e.detail ->> 'expired') INTO expired FROM event AS e WHERE e.kind = 'expiry';
    SELECT * INTO before FROM seal WHERE seq = from_seal - 1;
    FOR s IN SELECT * FROM seal WHERE seq >= coalesce(from_seal, 0) ORDER BY seq LOOP
        kind := 'seal';
        id := s.seq;
        seal := s.seq;
        reason := seal_fault(s, before);
        IF reason IS NULL THEN
            SELECT b.kind, b.id, b.reason INTO kind, id, reason FROM first_bad_record(s, expired) AS b;
        END IF;
        IF reason IS NOT NULL THEN
            RETURN NEXT;
            RETURN;
        END IF;
        before := s;
    END LOOP;
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
          AND month_start((e.detail ->> 'month')::integer + 1) + make_interval(days => 186) > e.recorded_at
        ORDER BY e.id LIMIT 1;
    END IF;
END $$;
COMMENT ON FUNCTION archive.verify(bigint) IS
    'Checks the chain from a seal on: no row when it holds, else the first bad seal or record and why (Art. 5 6-1, integrity).';

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
