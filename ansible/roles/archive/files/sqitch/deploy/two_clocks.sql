-- Deploy archive:two_clocks to pg
-- requires: purge_by_itself
-- builds: A5-6-1-durable, A6-7-2-ip, A6-7-2-transactions
BEGIN;

CREATE TABLE IF NOT EXISTS archive.witness (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    told_at  timestamptz NOT NULL
);
COMMENT ON TABLE archive.witness IS
    'The newest time that has passed by this machine''s clock and by the vault''s, which tells its own at its visits.';

CREATE OR REPLACE FUNCTION archive.tell_time(moment timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = archive, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    before timestamptz := (SELECT told_at FROM witness);
    -- What both clocks say has passed: one that is ahead for a while leaves nothing behind.
    agreed timestamptz := least(moment, clock_timestamp());
BEGIN
    IF isfinite(moment) IS NOT TRUE THEN
        RAISE EXCEPTION 'the time told is none' USING ERRCODE = 'invalid_parameter_value';
    -- Never back. And what goes by the day needs it by the hour: an archive that rests writes no log every two minutes.
    ELSIF agreed < before + interval '1 hour' THEN
        RETURN false;
    END IF;
    INSERT INTO witness (told_at) VALUES (agreed)
    ON CONFLICT (only_row) DO UPDATE SET told_at = excluded.told_at WHERE witness.told_at < excluded.told_at;
    IF before IS NULL THEN
        INSERT INTO event (kind, detail) VALUES ('witness', jsonb_build_object('told_at', agreed));
    END IF;
    RETURN true;
END $$;
COMMENT ON FUNCTION archive.tell_time(timestamptz) IS
    'The vault tells its clock''s time; true when that is an hour or more after the last. From the first on, which is '
    'chained, nothing is purged but by both clocks (Art. 6 7-2).';

CREATE OR REPLACE FUNCTION archive.purge_clock() RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = archive, pg_temp AS $$
    SELECT least(clock_timestamp(), coalesce((SELECT told_at FROM witness), '-infinity'))
$$;
COMMENT ON FUNCTION archive.purge_clock() IS
    'The time by which retentions and holds end: the earlier of this machine''s and the vault''s; before all times until '
    'the vault has told one (Art. 6 7-2).';

CREATE OR REPLACE FUNCTION archive.add_hold(
    order_number text, approver text, selector jsonb, ends_at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = archive, pg_temp SET timezone = 'UTC' AS $$
#variable_conflict use_variable
DECLARE
    id    bigint;
    fault text := CASE
        WHEN (length(order_number) <= 1024 AND length(normal_party(order_number)) BETWEEN 3 AND 64
              AND is_name(order_number)) IS NOT TRUE
            THEN 'the court order''s number must have 3 to 64 visible characters'
        WHEN (length(btrim(approver)) BETWEEN 3 AND 100 AND is_name(approver)) IS NOT TRUE
            THEN 'the approver''s name must have 3 to 100 visible characters'
        WHEN (ends_at > purge_clock() AND ends_at < clock_timestamp() + interval '20 years') IS NOT TRUE
            THEN 'it must end in the future, within 20 years'
        WHEN is_bounded(selector) IS NOT TRUE
             OR EXISTS (SELECT FROM jsonb_object_keys(selector) AS k WHERE k NOT IN ('parties', 'from', 'until'))
            THEN 'the selector must be an object of parties, from and until'
        WHEN selector = '{}' THEN 'the selector must name parties or a time'
        WHEN selector ? 'parties' AND (jsonb_typeof(selector -> 'parties') <> 'array' OR selector -> 'parties' = '[]')
            THEN 'parties must be a list that is not empty'
        WHEN EXISTS (SELECT FROM unnest(ARRAY['from', 'until']) AS k
                     WHERE selector ? k AND (selector ->> k ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}'
                                             AND pg_input_is_valid(selector ->> k, 'timestamptz')) IS NOT TRUE)
            THEN 'from and until must be times such as 2026-03-21T00:00:00Z'
    END;
BEGIN
    fault := coalesce(fault, CASE
        WHEN jsonb_array_length(coalesce(selector -> 'parties', '[]')) > 20
             OR EXISTS (SELECT FROM unnest(texts(selector -> 'parties')) AS p WHERE is_party(normal_party(p)) IS NOT TRUE)
            THEN 'parties must be 1 to 20 exact numbers or accounts'
        WHEN (selector ->> 'until')::timestamptz <= (selector ->> 'from')::timestamptz
            THEN 'until must come after from'
    END);
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'hold refused: %', fault
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Nothing is held by it.';
    END IF;
    IF selector ? 'parties' THEN
        selector := jsonb_set(selector, '{parties}', (
            SELECT jsonb_agg(normal_party(p)) FROM jsonb_array_elements_text(selector -> 'parties') AS p));
    END IF;
    INSERT INTO hold (order_number, approver, selector, ends_at)
    VALUES (normal_party(order_number), btrim(approver), selector, ends_at)
    RETURNING hold.id INTO id;
    INSERT INTO event (kind, detail)
    SELECT 'hold', to_jsonb(h) - 'id' - 'xact' || jsonb_build_object('hold', h.id) FROM hold AS h WHERE h.id = id;
    RETURN id;
END $$;

CREATE OR REPLACE FUNCTION archive.is_held(
    parent text, starts timestamptz, ends timestamptz, parties text[]) RETURNS boolean
LANGUAGE sql STABLE SET search_path = archive, pg_temp AS $$
    SELECT EXISTS (SELECT FROM hold AS h
                   WHERE h.ends_at > purge_clock()
                     AND NOT EXISTS (SELECT FROM hold_release AS r WHERE r.hold = h.id)
                     AND count_held(h.selector, parent, starts, ends, parties) > 0)
$$;

CREATE OR REPLACE FUNCTION archive.holds() RETURNS SETOF jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = archive, pg_temp SET timezone = 'UTC' AS $$
    SELECT to_jsonb(h) - 'xact' || jsonb_build_object(
        'in_force', h.ends_at > purge_clock(),
        -- What a hold selects is told once it is in the chain: then no ROLLBACK takes the question back.
        'held', CASE WHEN h.xact < (SELECT to_xact FROM seal ORDER BY seq DESC LIMIT 1) THEN (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'record', p.parent, 'from', p.starts, 'records', c.records) ORDER BY p.parent, p.starts), '[]')
            FROM periods() AS p,
                 LATERAL (SELECT count_held(h.selector, p.parent, p.starts, p.ends, p.parties)) AS c (records)
            WHERE c.records > 0) END)
    FROM hold AS h WHERE NOT EXISTS (SELECT FROM hold_release AS r WHERE r.hold = h.id) ORDER BY h.id
$$;

-- What went by both clocks has the vault's in its record.
CREATE OR REPLACE FUNCTION archive.first_early_day() RETURNS bigint
LANGUAGE sql STABLE SET search_path = archive, pg_temp SET timezone = 'UTC' AS $$
    SELECT e.id FROM event AS e
    WHERE e.kind = 'expiry' AND e.detail ->> 'expired' ~ '^a:[0-9]+$'
      AND day_start(split_part(e.detail ->> 'expired', ':', 2)::integer + 1) + make_interval(days => 186)
          > least(e.recorded_at, now(), (e.detail ->> 'witnessed')::timestamptz)
    ORDER BY e.id LIMIT 1
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA archive FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA archive FROM PUBLIC;
GRANT EXECUTE ON FUNCTION archive.tell_time(timestamptz) TO archive_anchor;

COMMIT;
