-- Deploy archive:holds to pg
-- requires: access_disclosure
-- builds: A5-6-1-durable, A6-7-2-transactions, A7-disclosure
BEGIN;

-- A line for each kind of record that goes after its retention: the letter it has in the chain, whether its partitions
-- are months or days, how long it is kept, and the columns that name whose it is.
CREATE OR REPLACE VIEW archive.kept_kind AS
SELECT k.parent, k.letter, k.unit, k.retention_days, k.parties
FROM archive.machine AS m, archive.access_days AS d, LATERAL (VALUES
    ('message', 'm', 'month', m.message_retention_days, ARRAY['origin', 'destination']),
    ('transaction', 't', 'month', m.message_retention_days, ARRAY['user_ref']),
    ('access', 'a', 'day', d.ip_retention_days, ARRAY['account'])
) AS k (parent, letter, unit, retention_days, parties);
COMMENT ON VIEW archive.kept_kind IS 'The kinds of record that go by themselves after their retention.';

CREATE OR REPLACE FUNCTION archive.periods()
RETURNS TABLE (parent text, letter text, unit text, retention_days integer, parties text[], partition name,
               starts timestamptz, ends timestamptz, number integer)
LANGUAGE sql STABLE SET search_path = archive, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO' AS $$
    SELECT k.*, c.relname, b.starts, b.ends,
           CASE k.unit WHEN 'month' THEN month_of(b.starts) ELSE day_of(b.starts) END
    FROM kept_kind AS k
    JOIN pg_inherits AS i ON i.inhparent = format('archive.%I', k.parent)::regclass
    JOIN pg_class AS c ON c.oid = i.inhrelid,
    LATERAL (SELECT regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''(.+)''\) TO \(''(.+)''\)')) AS r (found),
    LATERAL (SELECT r.found[1]::timestamptz, r.found[2]::timestamptz) AS b (starts, ends)
$$;
COMMENT ON FUNCTION archive.periods() IS
    'Every partition there is, with its time and the number that the chain gives it (a month since the year 0, a day '
    'since 2000): what is purged is a period (Art. 6 7-2).';

CREATE TABLE IF NOT EXISTS archive.hold (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xact         bigint NOT NULL DEFAULT archive.clock(),
    order_number text NOT NULL,
    approver     text NOT NULL,
    selector     jsonb NOT NULL,
    ends_at      timestamptz NOT NULL
);
COMMENT ON TABLE archive.hold IS
    'Legal holds: what a court order keeps past its retention, and until when. Every row follows from events.';
SELECT archive.make_append_only('archive.hold');
SELECT archive.make_recorded('archive.hold');

CREATE TABLE IF NOT EXISTS archive.hold_release (
    hold     bigint PRIMARY KEY REFERENCES archive.hold,
    xact     bigint NOT NULL DEFAULT archive.clock(),
    approver text NOT NULL
);
COMMENT ON TABLE archive.hold_release IS 'The holds that were released, and who approved it. Every row follows from events.';
SELECT archive.make_append_only('archive.hold_release');
SELECT archive.make_recorded('archive.hold_release');

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
        WHEN (ends_at > clock_timestamp() AND ends_at < clock_timestamp() + interval '20 years') IS NOT TRUE
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
COMMENT ON FUNCTION archive.add_hold(text, text, jsonb, timestamptz) IS
    'Has a court order keep what it selects past its retention. Looks for nothing, so that it tells nothing that a '
    'rollback could take off the record. Chained (Art. 7).';

CREATE OR REPLACE FUNCTION archive.release_hold(order_number text, approver text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = archive, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    released bigint[];
BEGIN
    IF (length(btrim(approver)) BETWEEN 3 AND 100 AND is_name(approver)) IS NOT TRUE THEN
        RAISE EXCEPTION 'release refused: the approver''s name must have 3 to 100 visible characters'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Nothing was released.';
    END IF;
    WITH ended AS (
        INSERT INTO hold_release (hold, approver)
        SELECT h.id, btrim(approver) FROM hold AS h
        WHERE h.order_number = normal_party(order_number)
          AND NOT EXISTS (SELECT FROM hold_release AS r WHERE r.hold = h.id)
        RETURNING hold
    )
    SELECT array_agg(e.hold ORDER BY e.hold) INTO released FROM ended AS e;
    IF released IS NULL THEN
        RAISE EXCEPTION 'release refused: no hold of that court order is there'
            USING ERRCODE = 'no_data_found', HINT = 'amanat hold list shows the orders.';
    END IF;
    INSERT INTO event (kind, detail)
    SELECT 'hold released', jsonb_build_object(
        'hold', g, 'order_number', normal_party(order_number), 'approver', btrim(approver))
    FROM unnest(released) AS g;
    RETURN cardinality(released);
END $$;
COMMENT ON FUNCTION archive.release_hold(text, text) IS
    'Ends the holds of a court order; returns how many. Chained (Art. 7).';

CREATE OR REPLACE FUNCTION archive.count_held(
    selector jsonb, parent text, starts timestamptz, ends timestamptz, parties text[]) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = archive, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    held bigint;
BEGIN
    starts := greatest(starts, (selector ->> 'from')::timestamptz);
    ends := least(ends, (selector ->> 'until')::timestamptz);
    IF starts >= ends THEN
        RETURN 0;
    END IF;
    -- Records of before parties had one form are found by that form as well.
    EXECUTE format('SELECT count(*) FROM archive.%I WHERE recorded_at >= $1 AND recorded_at < $2 AND ($3 IS NULL OR %s)',
                   parent, (SELECT string_agg(format(
                       'btrim(%1$I) = ANY ($3) OR octet_length(%1$I) > length(%1$I) AND normal_party(%1$I) = ANY ($3)', p),
                       ' OR ') FROM unnest(parties) AS p))
    INTO held USING starts, ends, CASE WHEN selector ? 'parties' THEN texts(selector -> 'parties') END;
    RETURN held;
END $$;
COMMENT ON FUNCTION archive.count_held(jsonb, text, timestamptz, timestamptz, text[]) IS
    'How many records of a period a hold''s selector selects (Art. 7).';

CREATE OR REPLACE FUNCTION archive.is_held(
    parent text, starts timestamptz, ends timestamptz, parties text[]) RETURNS boolean
LANGUAGE sql STABLE SET search_path = archive, pg_temp AS $$
    SELECT EXISTS (SELECT FROM hold AS h
                   WHERE h.ends_at > clock_timestamp()
                     AND NOT EXISTS (SELECT FROM hold_release AS r WHERE r.hold = h.id)
                     AND count_held(h.selector, parent, starts, ends, parties) > 0)
$$;
COMMENT ON FUNCTION archive.is_held(text, timestamptz, timestamptz, text[]) IS
    'Whether a hold that has neither ended nor been released selects a record of a period (Art. 7).';

CREATE OR REPLACE FUNCTION archive.holds() RETURNS SETOF jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = archive, pg_temp SET timezone = 'UTC' AS $$
    SELECT to_jsonb(h) - 'xact' || jsonb_build_object(
        'in_force', h.ends_at > clock_timestamp(),
        -- What a hold selects is told once it is in the chain: then no ROLLBACK takes the question back.
        'held', CASE WHEN h.xact < (SELECT to_xact FROM seal ORDER BY seq DESC LIMIT 1) THEN (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'record', p.parent, 'from', p.starts, 'records', c.records) ORDER BY p.parent, p.starts), '[]')
            FROM periods() AS p,
                 LATERAL (SELECT count_held(h.selector, p.parent, p.starts, p.ends, p.parties)) AS c (records)
            WHERE c.records > 0) END)
    FROM hold AS h WHERE NOT EXISTS (SELECT FROM hold_release AS r WHERE r.hold = h.id) ORDER BY h.id
$$;
COMMENT ON FUNCTION archive.holds() IS
    'Every hold that was not released, and how many records of which periods it selects: null until the hold is in the chain (Art. 7).';

REVOKE ALL ON ALL TABLES IN SCHEMA archive FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA archive FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    archive.add_hold(text, text, jsonb, timestamptz), archive.release_hold(text, text), archive.holds()
TO archive_discloser;

COMMIT;
