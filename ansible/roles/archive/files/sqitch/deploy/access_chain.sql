-- Deploy archive:access_chain to pg
-- requires: access_records
-- builds: A5-6-1-integrity, A6-7-2-ip
BEGIN;

CREATE OR REPLACE VIEW archive.place AS
SELECT id, xact, recorded_at FROM archive.message
UNION ALL SELECT id, xact, recorded_at FROM archive.transaction
UNION ALL SELECT id, xact, recorded_at FROM archive.disclosure
UNION ALL SELECT id, xact, recorded_at FROM archive.data_key
UNION ALL SELECT id, xact, recorded_at FROM archive.sealing_key
UNION ALL SELECT id, xact, recorded_at FROM archive.event
UNION ALL SELECT id, xact, recorded_at FROM archive.access;

-- The column `month` says which partition a record lies in: of access records it is the day, as day_of counts.
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
FROM archive.event AS e
UNION ALL
SELECT 'a', a.id, a.xact, a.recorded_at, archive.day_of(a.recorded_at),
       archive.digest_of(json_build_array(
           'access', a.id, a.xact, archive.instant(a.recorded_at), archive.instant(a.occurred_at), a.client_port,
           a.account, a.event, a.outcome, a.client_ip::text, a.user_agent, a.request_id))
FROM archive.access AS a;

CREATE OR REPLACE FUNCTION archive.kind_name(kind "char") RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE kind WHEN 'm' THEN 'message' WHEN 't' THEN 'transaction' WHEN 'd' THEN 'disclosure'
                 WHEN 'k' THEN 'data_key' WHEN 's' THEN 'sealing_key' WHEN 'e' THEN 'event' WHEN 'a' THEN 'access' END;

CREATE OR REPLACE FUNCTION archive.first_early_day() RETURNS bigint
LANGUAGE sql STABLE SET search_path = archive, pg_temp AS $$
    SELECT e.id FROM event AS e
    WHERE e.kind = 'expiry' AND e.detail ->> 'expired' ~ '^a:[0-9]+$'
      AND day_start(split_part(e.detail ->> 'expired', ':', 2)::integer + 1) + make_interval(days => 186)
          > least(e.recorded_at, now())
    ORDER BY e.id LIMIT 1
$$;
COMMENT ON FUNCTION archive.first_early_day() IS
    'The event of a day of access records that went before its 186 days were over; null when there is none (Art. 6 7-2).';

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
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA archive FROM PUBLIC;
GRANT EXECUTE ON FUNCTION archive.verify(bigint) TO archive_auditor;

COMMIT;
