-- Deploy archive:disclosure to pg
-- requires: chain
-- builds: A7-disclosure
BEGIN;

CREATE OR REPLACE FUNCTION archive.texts(list jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE RETURN ARRAY(SELECT jsonb_array_elements_text(list));
COMMENT ON FUNCTION archive.texts(jsonb) IS 'A JSON array as an array of texts; empty for null.';

CREATE OR REPLACE FUNCTION archive.check_selector(selector jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = archive, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    fault text;
BEGIN
    IF jsonb_typeof(selector) IS DISTINCT FROM 'object' THEN
        fault := 'it must be an object';
    ELSIF EXISTS (SELECT FROM jsonb_object_keys(selector) AS k
                  WHERE k NOT IN ('record', 'parties', 'ids', 'from', 'until', 'channels', 'direction')) THEN
        fault := 'it may hold only record, parties, ids, from, until, channels, direction';
    ELSIF coalesce(selector ->> 'record', 'message') NOT IN ('message', 'transaction') THEN
        fault := 'record must be message or transaction';
    ELSIF EXISTS (SELECT FROM jsonb_each(selector) AS f
                  WHERE f.key IN ('parties', 'ids', 'channels')
                    AND (jsonb_typeof(f.value) <> 'array' OR f.value = '[]')) THEN
        fault := 'parties, ids and channels must be lists that are not empty';
    ELSIF NOT (selector ? 'parties' OR selector ? 'ids') THEN
        fault := 'it must name at least one party or record id';
    ELSIF jsonb_array_length(coalesce(selector -> 'parties', '[]')) > 20
          OR EXISTS (SELECT FROM unnest(texts(selector -> 'parties')) AS p WHERE is_party(p) IS NOT TRUE) THEN
        fault := 'parties must be 1 to 20 exact numbers or addresses';
    ELSIF jsonb_array_length(coalesce(selector -> 'ids', '[]')) > 10000
          OR EXISTS (SELECT FROM unnest(texts(selector -> 'ids')) AS i WHERE (i ~ '^[0-9]{1,18}$') IS NOT TRUE) THEN
        fault := 'ids must be 1 to 10000 record ids';
    ELSIF coalesce(selector ->> 'direction', 'in') NOT IN ('in', 'out') THEN
        fault := 'direction must be in or out';
    ELSIF selector ->> 'record' = 'transaction' AND selector ?| ARRAY['channels', 'direction'] THEN
        fault := 'transactions have no channels and no direction';
    ELSIF EXISTS (SELECT FROM unnest(ARRAY[selector ->> 'from', selector ->> 'until']) AS t
                  WHERE (t ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}' AND pg_input_is_valid(t, 'timestamptz')) IS NOT TRUE) THEN
        fault := 'from and until must be times such as 2026-03-21T00:00:00Z';
    ELSIF NOT (selector ->> 'until')::timestamptz > (selector ->> 'from')::timestamptz
          OR (selector ->> 'until')::timestamptz > (selector ->> 'from')::timestamptz + interval '31 days' THEN
        fault := 'until must come after from, by at most 31 days';
    END IF;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'disclosure refused: the selector is not narrow or not valid: %', fault
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
END $$;
COMMENT ON FUNCTION archive.check_selector(jsonb) IS
    'Refuses a selector that is not narrow: a party or ids, within at most 31 days of recording (Art. 7).';

CREATE OR REPLACE FUNCTION archive.select_records(selector jsonb, OUT record_ids bigint[], OUT bytes bigint)
LANGUAGE plpgsql STABLE SET search_path = archive, pg_temp SET timezone = 'UTC' AS $$
#variable_conflict use_column
DECLARE
    starts  timestamptz := selector ->> 'from';
    stops   timestamptz := selector ->> 'until';
    parties text[] := texts(selector -> 'parties');
    wanted  bigint[] := texts(selector -> 'ids')::bigint[];
BEGIN
    IF selector ->> 'record' = 'transaction' THEN
        SELECT coalesce(array_agg(id ORDER BY id), '{}'), 0 INTO record_ids, bytes
        FROM (SELECT id FROM transaction
              WHERE recorded_at >= starts AND recorded_at < stops
                AND (NOT selector ? 'parties' OR user_ref = ANY (parties))
                AND (NOT selector ? 'ids' OR id = ANY (wanted))
              LIMIT 10001) AS chosen;
    ELSE
        SELECT coalesce(array_agg(id ORDER BY id), '{}'), coalesce(sum(size), 0) INTO record_ids, bytes
        FROM (SELECT id, octet_length(content) AS size FROM message
              WHERE recorded_at >= starts AND recorded_at < stops
                AND (NOT selector ? 'parties' OR origin = ANY (parties) OR destination = ANY (parties))
                AND (NOT selector ? 'ids' OR id = ANY (wanted))
                AND (NOT selector ? 'channels' OR channel = ANY (texts(selector -> 'channels')))
                AND (NOT selector ? 'direction' OR direction = selector ->> 'direction')
              LIMIT 10001) AS chosen;
    END IF;
END $$;
COMMENT ON FUNCTION archive.select_records(jsonb) IS
    'The ids a selector finds, by time of recording, 10001 at the most (Art. 7).';

CREATE OR REPLACE FUNCTION archive.request_disclosure(
    order_number text, order_date date, approver text, selector jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = archive, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    -- Court orders are dated by the calendar day in Iran.
    today  date := (clock_timestamp() AT TIME ZONE 'Asia/Tehran')::date;
    fault  text := CASE
        WHEN (length(btrim(order_number)) BETWEEN 3 AND 64 AND order_number !~ '[[:cntrl:]]') IS NOT TRUE
            THEN 'the court order''s number must have 3 to 64 printable characters'
        WHEN order_date IS NULL OR order_date > today THEN 'the court order''s date is missing or in the future'
        WHEN order_date < today - 1826 THEN 'the court order is older than five years'
        WHEN (length(btrim(approver)) BETWEEN 3 AND 100 AND approver !~ '[[:cntrl:]]') IS NOT TRUE
            THEN 'the approver''s name must have 3 to 100 printable characters'
    END;
    chosen record;
    id     bigint;
BEGIN
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'disclosure refused: %', fault USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM check_selector(selector);
    SELECT * INTO chosen FROM select_records(selector);
    IF cardinality(chosen.record_ids) > 10000 OR chosen.bytes > 134217728 THEN
        RAISE EXCEPTION 'disclosure refused: the selector finds more than 10000 records or 128 MiB'
            USING ERRCODE = 'program_limit_exceeded', HINT = 'Ask for a shorter time or fewer parties.';
    END IF;
    PERFORM set_config('synchronous_commit', 'on', true);
    INSERT INTO disclosure (order_number, order_date, approver, selector, record_ids)
    VALUES (btrim(order_number), order_date, btrim(approver), selector, chosen.record_ids)
    RETURNING disclosure.id INTO id;
    RETURN id;
END $$;
COMMENT ON FUNCTION archive.request_disclosure(text, date, text, jsonb) IS
    'First step of a disclosure: records a court order, its approver and what is asked. Shows nothing '
    '(Art. 7).';

CREATE OR REPLACE FUNCTION archive.fetch_disclosure(disclosure_id bigint)
RETURNS TABLE (part text, body jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = archive, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    d      disclosure;
    s      seal;
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
    INSERT INTO event (kind, detail) VALUES ('disclosure fetched', jsonb_build_object('disclosure', d.id));

    RETURN QUERY
    SELECT 'disclosure', to_jsonb(d) || jsonb_build_object('records', cardinality(d.record_ids))
    UNION ALL
    SELECT 'seal', jsonb_build_object('seq', s.seq, 'hash', encode(s.hash, 'hex'), 'sealed_at', s.sealed_at);
    IF d.selector ->> 'record' = 'transaction' THEN
        RETURN QUERY
        SELECT 'transaction', to_jsonb(t) FROM transaction AS t
        WHERE t.recorded_at >= starts AND t.recorded_at < stops AND t.id = ANY (d.record_ids) ORDER BY t.id;
        RETURN;
    END IF;
    RETURN QUERY
    WITH chosen AS MATERIALIZED (
        SELECT m FROM message AS m
        WHERE m.recorded_at >= starts AND m.recorded_at < stops AND m.id = ANY (d.record_ids)
    )
    SELECT 'data_key', to_jsonb(k) - 'sealed' || jsonb_build_object('sealed', encode(k.sealed, 'base64'))
    FROM data_key AS k WHERE k.id IN (SELECT (c.m).key_id FROM chosen AS c)
    UNION ALL
    (SELECT 'message', to_jsonb(c.m) - 'content' || jsonb_build_object('content', encode((c.m).content, 'base64'))
     FROM chosen AS c ORDER BY (c.m).id);
END $$;
COMMENT ON FUNCTION archive.fetch_disclosure(bigint) IS
    'Second step of a disclosure: the records, still sealed, once the request itself is in the chain '
    '(Art. 7).';

CREATE OR REPLACE VIEW archive.disclosures AS
SELECT id, recorded_at, order_number, order_date, approver, requested_by, requested_from,
       selector - 'parties' - 'ids' AS selector, cardinality(record_ids) AS records
FROM archive.disclosure;
COMMENT ON VIEW archive.disclosures IS
    'Disclosures as an auditor may see them: without the parties (Art. 7).';

CREATE OR REPLACE FUNCTION archive.counts(since timestamptz DEFAULT NULL)
RETURNS TABLE (kind text, name text, records bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = archive, pg_temp AS $$
    SELECT 'message', channel, count(*) FROM message
    WHERE recorded_at >= coalesce(since, '-infinity') GROUP BY channel
    UNION ALL
    SELECT 'transaction', means, count(*) FROM transaction
    WHERE recorded_at >= coalesce(since, '-infinity') GROUP BY means
$$;
COMMENT ON FUNCTION archive.counts(timestamptz) IS
    'How many records are kept by channel and means of payment, by time of recording (Art. 3, union).';

COMMIT;
