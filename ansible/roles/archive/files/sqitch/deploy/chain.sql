-- Deploy archive:chain to pg
-- requires: partitions
-- requires: disclosure_record
-- builds: A5-6-1-integrity
BEGIN;

CREATE OR REPLACE FUNCTION archive.instant(moment timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE RETURN encode(timestamptz_send(moment), 'hex');
COMMENT ON FUNCTION archive.instant(timestamptz) IS
    'A time as 16 hex digits, microseconds since 2000-01-01Z: the same in every session.';

-- STABLE, as convert_to is: what calls itself more than its parts are is not inlined, and costs five times as much.
CREATE OR REPLACE FUNCTION archive.digest_of(fields json) RETURNS bytea
LANGUAGE sql STABLE RETURN sha256(convert_to(fields::text, 'UTF8'));
COMMENT ON FUNCTION archive.digest_of(json) IS
    'SHA-256 of a canonical form: a JSON array that begins with the kind of record.';

-- Where the records are, without what is in them: asking here reads no content, and is no access to be logged.
CREATE OR REPLACE VIEW archive.place AS
SELECT id, xact, recorded_at FROM archive.message
UNION ALL SELECT id, xact, recorded_at FROM archive.transaction
UNION ALL SELECT id, xact, recorded_at FROM archive.disclosure
UNION ALL SELECT id, xact, recorded_at FROM archive.data_key
UNION ALL SELECT id, xact, recorded_at FROM archive.sealing_key
UNION ALL SELECT id, xact, recorded_at FROM archive.event;
COMMENT ON VIEW archive.place IS 'Every chained record: its id, place in the archive''s order, and time.';

-- The canonical form of every chained record, written once: sealing and verifying both read it here. Nothing in it
-- depends on a session's settings.
CREATE OR REPLACE VIEW archive.entry AS
SELECT 'm'::"char" AS kind, m.id, m.xact, m.recorded_at, archive.month_of(m.recorded_at) AS month,
       archive.digest_of(json_build_array(
           'message', m.id, m.xact, archive.instant(m.recorded_at), archive.instant(m.sent_at),
           archive.instant(m.received_at), m.key_id, m.client_port, m.channel, m.direction, m.origin, m.destination,
           m.client_ip::text, encode(sha256(m.content), 'hex'))) AS digest
FROM archive.message AS m
UNION ALL
SELECT 't', t.id, t.xact, t.recorded_at, archive.month_of(t.recorded_at),
       archive.digest_of(json_build_array(
           'transaction', t.id, t.xact, archive.instant(t.recorded_at), archive.instant(t.occurred_at), t.client_port,
           t.user_ref, t.kind, t.amount::text, t.currency, t.means, t.reference, t.client_ip::text))
FROM archive.transaction AS t
UNION ALL
SELECT 'd', d.id, d.xact, d.recorded_at, 0,
       archive.digest_of(json_build_array(
           'disclosure', d.id, d.xact, archive.instant(d.recorded_at), d.order_number, d.order_date - date '2000-01-01',
           d.approver, d.selector::text, d.requested_by, d.requested_from::text, d.record_ids::text))
FROM archive.disclosure AS d
UNION ALL
SELECT 'k', k.id, k.xact, k.recorded_at, 0,
       archive.digest_of(json_build_array(
           'data key', k.id, k.xact, archive.instant(k.recorded_at), k.sealing_key_id, encode(k.sealed, 'hex')))
FROM archive.data_key AS k
UNION ALL
SELECT 's', s.id, s.xact, s.recorded_at, 0,
       archive.digest_of(json_build_array(
           'sealing key', s.id, s.xact, archive.instant(s.recorded_at), encode(s.key, 'hex')))
FROM archive.sealing_key AS s
UNION ALL
SELECT 'e', e.id, e.xact, e.recorded_at, 0,
       archive.digest_of(json_build_array(
           'event', e.id, e.xact, archive.instant(e.recorded_at), e.kind, e.detail::text, e.done_by))
FROM archive.event AS e;
COMMENT ON VIEW archive.entry IS 'Every chained record with the digest of its canonical form.';

CREATE OR REPLACE FUNCTION archive.kind_name(kind "char") RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE kind WHEN 'm' THEN 'message' WHEN 't' THEN 'transaction' WHEN 'd' THEN 'disclosure'
                 WHEN 'k' THEN 'data_key' WHEN 's' THEN 'sealing_key' WHEN 'e' THEN 'event' END;
COMMENT ON FUNCTION archive.kind_name("char") IS 'The table a one-letter kind stands for.';

CREATE TABLE IF NOT EXISTS archive.seal (
    seq       bigint PRIMARY KEY,
    from_xact bigint NOT NULL,
    to_xact   bigint NOT NULL UNIQUE CHECK (to_xact > from_xact),
    sealed_at timestamptz NOT NULL,
    total     bigint NOT NULL,
    kinds     "char"[] NOT NULL,
    months    integer[] NOT NULL,
    ids       bigint[] NOT NULL,
    digests   bytea STORAGE EXTERNAL NOT NULL,
    prev_hash bytea NOT NULL UNIQUE,
    hash      bytea NOT NULL UNIQUE
);
COMMENT ON TABLE archive.seal IS
    'The chain: each seal closes the records of a range [from_xact, to_xact). UNIQUE (prev_hash) makes a '
    'fork impossible.';
SELECT archive.make_append_only('archive.seal');

CREATE OR REPLACE FUNCTION archive.seal_hash(s archive.seal) RETURNS bytea
LANGUAGE sql STABLE
RETURN sha256(s.prev_hash || convert_to(json_build_array(
    'seal', s.seq, s.from_xact, s.to_xact, archive.instant(s.sealed_at), s.total, s.kinds::text, s.months::text,
    s.ids::text, encode(sha256(s.digests), 'hex'))::text, 'UTF8'));
COMMENT ON FUNCTION archive.seal_hash(archive.seal) IS
    'What the hash of a seal must be (Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.append_seal(upto bigint) RETURNS archive.seal
LANGUAGE plpgsql SET search_path = archive, pg_temp SET jit = off AS $$
DECLARE
    last seal;
    made seal;
BEGIN
    SELECT * INTO last FROM seal ORDER BY seq DESC LIMIT 1;
    SELECT coalesce(last.seq + 1, 0), coalesce(last.to_xact, '-9223372036854775808'::bigint), upto, clock_timestamp(),
           coalesce(last.total, 0) + count(*),
           coalesce(array_agg(kind ORDER BY kind, id), '{}'), coalesce(array_agg(month ORDER BY kind, id), '{}'),
           coalesce(array_agg(id ORDER BY kind, id), '{}'), coalesce(string_agg(digest, '' ORDER BY kind, id), ''),
           coalesce(last.hash, decode(repeat('00', 32), 'hex')), ''
    INTO made FROM entry WHERE xact >= coalesce(last.to_xact, '-9223372036854775808'::bigint) AND xact < upto;
    made.hash := seal_hash(made);
    INSERT INTO seal SELECT made.*;
    RETURN made;
END $$;
COMMENT ON FUNCTION archive.append_seal(bigint) IS
    'Chains all records below a point of the archive''s clock; seal 0 begins the chain (Art. 5 6-1, '
    'integrity).';

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
    -- A row of ours, not an advisory lock: those any role could hold against us.
    PERFORM FROM machine FOR UPDATE SKIP LOCKED;
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
COMMENT ON FUNCTION archive.seal_next() IS
    'Chains the next closed range of records; null when there is none or another sealer is at work (Art. '
    '5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.advance_clock(reason text) RETURNS bigint
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
DECLARE
    here    bigint := clock();
    last_to bigint := (SELECT to_xact FROM seal ORDER BY seq DESC LIMIT 1);
    newest  bigint := (SELECT max(xact) FROM place);
    behind  bigint := greatest(last_to, newest + 1) - here;
BEGIN
    IF reason IS NULL OR btrim(reason) = '' THEN
        RAISE EXCEPTION 'a reason is needed' USING ERRCODE = 'invalid_parameter_value';
    ELSIF behind <= 0 THEN
        RETURN 0;
    END IF;
    UPDATE machine SET clock_offset = clock_offset + behind;
    PERFORM plan_anew();
    INSERT INTO event (kind, detail) VALUES ('clock', jsonb_build_object('advanced_by', behind, 'reason', reason));
    RETURN behind;
END $$;
COMMENT ON FUNCTION archive.advance_clock(text) IS
    'After a logical restore: moves the archive''s clock past all its records; returns by how much. '
    'Chained (Art. 5 6-1, durable).';

CREATE OR REPLACE FUNCTION archive.heads(OUT seq bigint, OUT hash text, OUT sealed_at timestamptz, OUT records bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = archive, pg_temp AS $$
    SELECT seq, encode(hash, 'hex'), sealed_at, total FROM seal ORDER BY seq DESC LIMIT 1
$$;
COMMENT ON FUNCTION archive.heads() IS
    'The newest seal and how many records are chained up to it; kept elsewhere, it shows a cut tail '
    '(Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.lag_seconds() RETURNS numeric
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = archive, pg_temp AS $$
    SELECT coalesce(round(extract(epoch FROM clock_timestamp() - min(recorded_at)), 3), 0)
    FROM place WHERE xact >= (SELECT to_xact FROM seal ORDER BY seq DESC LIMIT 1)
$$;
COMMENT ON FUNCTION archive.lag_seconds() IS
    'Age of the oldest record not chained yet, 0 when there is none (Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.summarize() RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = archive, pg_temp AS $$
    SELECT brin_summarize_new_values(i.indexrelid)
    FROM pg_inherits AS h
    JOIN pg_index AS i ON i.indrelid = h.inhrelid
    JOIN pg_class AS c ON c.oid = i.indexrelid
    JOIN pg_am AS a ON a.oid = c.relam AND a.amname = 'brin'
    WHERE h.inhparent IN ('archive.message'::regclass, 'archive.transaction'::regclass)
$$;
COMMENT ON FUNCTION archive.summarize() IS
    'Keeps the block-range indexes of the partitions up to date between autovacuums.';

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM archive.seal) THEN
        PERFORM archive.append_seal(archive.clock());
    END IF;
END $$;

COMMIT;
