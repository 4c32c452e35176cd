-- Deploy archive:disclosing to pg
-- requires: recording
-- builds: A7-disclosure
BEGIN;

CREATE OR REPLACE FUNCTION archive.is_bounded(selector jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = archive, pg_temp AS $$
DECLARE
    part record;
    one  jsonb;
BEGIN
    -- A number of a few bytes can have a hundred thousand digits as text, so none is made text before it is judged.
    IF pg_column_size(selector) > 524288 OR jsonb_typeof(selector) <> 'object' THEN
        RETURN false;
    END IF;
    FOR part IN SELECT * FROM jsonb_each(selector) LOOP
        CONTINUE WHEN jsonb_typeof(part.value) = 'string' AND length(part.value #>> '{}') < 256;
        IF jsonb_typeof(part.value) <> 'array' OR jsonb_array_length(part.value) > 10000 THEN
            RETURN false;
        END IF;
        FOR one IN SELECT * FROM jsonb_array_elements(part.value) LOOP
            CONTINUE WHEN jsonb_typeof(one) = 'string' AND length(one #>> '{}') <= 1024;
            CONTINUE WHEN jsonb_typeof(one) = 'number' AND part.key = 'ids'
                          AND one::numeric BETWEEN 0 AND 9223372036854775807 AND scale(one::numeric) = 0;
            RETURN false;
        END LOOP;
    END LOOP;
    RETURN jsonb_typeof(selector -> 'channels') IS DISTINCT FROM 'array' OR jsonb_array_length(selector -> 'channels') <= 32;
END $$;
COMMENT ON FUNCTION archive.is_bounded(jsonb) IS
    'Whether a selector is made of short texts and record ids only: it is chained as text (Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.select_records(selector jsonb, OUT record_ids bigint[], OUT bytes bigint)
LANGUAGE plpgsql STABLE SET search_path = archive, pg_temp SET timezone = 'UTC' AS $$
#variable_conflict use_column
DECLARE
    starts  timestamptz := selector ->> 'from';
    stops   timestamptz := selector ->> 'until';
    parties text[] := texts(selector -> 'parties');
    wanted  bigint[] := texts(selector -> 'ids')::bigint[];
BEGIN
    -- Records of before parties had one form are found by that form as well.
    IF selector ->> 'record' = 'transaction' THEN
        SELECT coalesce(array_agg(id ORDER BY id), '{}'), 0 INTO record_ids, bytes
        FROM (SELECT id FROM transaction
              WHERE recorded_at >= starts AND recorded_at < stops
                AND (NOT selector ? 'parties' OR btrim(user_ref) = ANY (parties)
                     OR octet_length(user_ref) > length(user_ref) AND normal_party(user_ref) = ANY (parties))
                AND (NOT selector ? 'ids' OR id = ANY (wanted))
              LIMIT 10001) AS chosen;
    ELSE
        SELECT coalesce(array_agg(id ORDER BY id), '{}'), coalesce(sum(size), 0) INTO record_ids, bytes
        FROM (SELECT id, octet_length(content) AS size FROM message
              WHERE recorded_at >= starts AND recorded_at < stops
                AND (NOT selector ? 'parties' OR btrim(origin) = ANY (parties) OR btrim(destination) = ANY (parties)
                     OR octet_length(origin) > length(origin) AND normal_party(origin) = ANY (parties)
                     OR octet_length(destination) > length(destination) AND normal_party(destination) = ANY (parties))
                AND (NOT selector ? 'ids' OR id = ANY (wanted))
                AND (NOT selector ? 'channels' OR channel = ANY (texts(selector -> 'channels')))
                AND (NOT selector ? 'direction' OR direction = selector ->> 'direction')
              LIMIT 10001) AS chosen;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION archive.request_disclosure(
    order_number text, order_date date, approver text, selector jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = archive, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    -- Court orders are dated by the calendar day in Iran.
    today date := (clock_timestamp() AT TIME ZONE 'Asia/Tehran')::date;
    fault text := CASE
        WHEN (length(order_number) <= 1024 AND length(normal_party(order_number)) BETWEEN 3 AND 64
              AND is_name(order_number)) IS NOT TRUE
            THEN 'the court order''s number must have 3 to 64 visible characters'
        WHEN order_date IS NULL OR order_date > today THEN 'the court order''s date is missing or in the future'
        WHEN order_date < today - 1826 THEN 'the court order is older than five years'
        WHEN (length(btrim(approver)) BETWEEN 3 AND 100 AND is_name(approver)) IS NOT TRUE
            THEN 'the approver''s name must have 3 to 100 visible characters'
        WHEN is_bounded(selector) IS NOT TRUE
            THEN 'the selector is not narrow or not valid: it must be an object of short texts, lists of them, and ids'
    END;
    id    bigint;
BEGIN
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'disclosure refused: %', fault
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = CASE WHEN order_date < date '1900-01-01'
                              THEN 'The date is taken as Gregorian; amanat disclosure takes Solar Hijri ones as well.'
                              ELSE 'Nothing was recorded.' END;
    END IF;
    IF jsonb_typeof(selector -> 'parties') = 'array' AND selector -> 'parties' <> '[]' THEN
        selector := jsonb_set(selector, '{parties}', (
            SELECT jsonb_agg(normal_party(p)) FROM jsonb_array_elements_text(selector -> 'parties') AS p));
    END IF;
    PERFORM check_selector(selector);
    INSERT INTO disclosure (order_number, order_date, approver, selector, record_ids)
    VALUES (normal_party(order_number), order_date, btrim(approver), selector, '{}')
    RETURNING disclosure.id INTO id;
    RETURN id;
END $$;
COMMENT ON FUNCTION archive.request_disclosure(text, date, text, jsonb) IS
    'First step of a disclosure: records a court order, its approver and what is asked. Looks for nothing, so that it '
    'tells nothing, not even by its time or size (Art. 7).';

CREATE OR REPLACE FUNCTION archive.fetch_disclosure(disclosure_id bigint)
RETURNS TABLE (part text, body jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = archive, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    d      disclosure;
    s      seal;
    chosen record;
    starts timestamptz;
    stops  timestamptz;
BEGIN
    SELECT * INTO d FROM disclosure
    WHERE id = disclosure_id AND requested_by = session_user AND recorded_at > clock_timestamp() - interval '1 hour';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no disclosure of that id was requested by this role in the last hour'
            USING ERRCODE = 'no_data_found';
    END IF;
    SELECT * INTO s FROM seal WHERE to_xact > d.xact ORDER BY to_xact LIMIT 1;
    -- The sealing job only sees committed requests: what it has chained, no ROLLBACK of ours can take back.
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the request is not chained yet'
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Commit it, and fetch a second later.';
    END IF;
    starts := d.selector ->> 'from';
    stops := d.selector ->> 'until';
    SELECT e.xact, ARRAY(SELECT jsonb_array_elements_text(e.detail -> 'record_ids'))::bigint[] AS record_ids INTO chosen
    FROM event AS e
    WHERE e.kind = 'disclosure found' AND (e.detail ->> 'disclosure')::bigint = d.id ORDER BY e.id LIMIT 1;
    IF NOT FOUND THEN
        -- Only now, when the request can't be taken back any more, is it looked for what it finds. What that is goes on
        -- record first: nothing is given yet, and nothing before that is in the chain, too.
        SELECT * INTO chosen FROM select_records(d.selector);
        IF cardinality(chosen.record_ids) > 10000 OR chosen.bytes > 134217728 THEN
            RAISE EXCEPTION 'disclosure refused: the selector finds more than 10000 records or 128 MiB'
                USING ERRCODE = 'program_limit_exceeded', HINT = 'Ask for a shorter time or fewer parties.';
        END IF;
        INSERT INTO event (kind, detail)
        VALUES ('disclosure found', jsonb_build_object(
            'disclosure', d.id, 'records', cardinality(chosen.record_ids), 'record_ids', chosen.record_ids));
        RETURN;
    ELSIF chosen.xact >= (SELECT to_xact FROM seal ORDER BY seq DESC LIMIT 1) THEN
        RETURN;
    END IF;
    INSERT INTO event (kind, detail) VALUES ('disclosure fetched', jsonb_build_object('disclosure', d.id));

    RETURN QUERY
    SELECT 'disclosure', to_jsonb(d) || jsonb_build_object(
        'records', cardinality(chosen.record_ids), 'record_ids', chosen.record_ids)
    UNION ALL
    SELECT 'seal', jsonb_build_object('seq', s.seq, 'hash', encode(s.hash, 'hex'), 'sealed_at', s.sealed_at);
    IF d.selector ->> 'record' = 'transaction' THEN
        RETURN QUERY
        SELECT 'transaction', to_jsonb(t) FROM transaction AS t
        WHERE t.recorded_at >= starts AND t.recorded_at < stops AND t.id = ANY (chosen.record_ids) ORDER BY t.id;
        RETURN;
    END IF;
    RETURN QUERY
    WITH given AS MATERIALIZED (
        SELECT m FROM message AS m
        WHERE m.recorded_at >= starts AND m.recorded_at < stops AND m.id = ANY (chosen.record_ids)
    )
    SELECT 'data_key', to_jsonb(k) - 'sealed' - 'tag' || jsonb_build_object('sealed', encode(k.sealed, 'base64'))
    FROM data_key AS k WHERE k.id IN (SELECT (c.m).key_id FROM given AS c)
    UNION ALL
    (SELECT 'message', to_jsonb(c.m) - 'content' || jsonb_build_object('content', encode((c.m).content, 'base64'))
     FROM given AS c ORDER BY (c.m).id);
END $$;
COMMENT ON FUNCTION archive.fetch_disclosure(bigint) IS
    'Second step of a disclosure, called until it returns rows: once the request is in the chain, it looks for the '
    'records; once what it found is in the chain as well, it gives them, still sealed (Art. 7).';

CREATE OR REPLACE VIEW archive.disclosures AS
SELECT d.id, d.recorded_at, d.order_number, d.order_date, d.approver, d.requested_by, d.requested_from,
       d.selector - 'parties' - 'ids' AS selector,
       coalesce(nullif(cardinality(d.record_ids), 0), (
           SELECT max((e.detail ->> 'records')::integer) FROM archive.event AS e
           WHERE e.kind = 'disclosure found' AND (e.detail ->> 'disclosure')::bigint = d.id)) AS records
FROM archive.disclosure AS d;

COMMIT;
