-- Deploy archive:access_disclosure to pg
-- requires: access_chain
-- builds: A6-7-2-ip, A7-disclosure
BEGIN;

DO $$
BEGIN
    IF to_regproc('archive.check_party_selector') IS NULL THEN
        ALTER FUNCTION archive.check_selector(jsonb) RENAME TO check_party_selector;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION archive.check_selector(selector jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = archive, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    peer  jsonb := selector - ARRAY['record', 'parties', 'ids', 'from', 'until'];
    fault text;
BEGIN
    IF jsonb_typeof(selector) IS DISTINCT FROM 'object' OR selector ->> 'record' IS DISTINCT FROM 'access' THEN
        PERFORM check_party_selector(selector);
        RETURN;
    ELSIF EXISTS (SELECT FROM jsonb_object_keys(peer) AS k WHERE k NOT IN ('ip', 'port', 'accounts')) THEN
        fault := 'it may hold only record, parties, ids, from, until, ip, port, accounts';
    ELSIF peer ? 'ip' AND (jsonb_typeof(peer -> 'ip') = 'string' AND pg_input_is_valid(peer ->> 'ip', 'inet')
                           AND is_peer(normal_address((peer ->> 'ip')::inet), 1)) IS NOT TRUE THEN
        fault := 'ip must be the address of one host';
    ELSIF peer ? 'port' AND (peer ? 'ip' AND jsonb_typeof(peer -> 'port') = 'string'
                             AND peer ->> 'port' ~ '^[1-9][0-9]{0,4}$' AND (peer ->> 'port')::integer < 65536) IS NOT TRUE THEN
        fault := 'port must be 1 to 65535, of an ip';
    ELSIF peer ? 'accounts' AND peer -> 'accounts' <> '"every"' THEN
        fault := 'accounts can only be every';
    END IF;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'disclosure refused: the selector is not narrow or not valid: %', fault
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- The rest is as of transactions; an address narrows as an id does.
    PERFORM check_party_selector(
        selector - ARRAY['ip', 'port', 'accounts'] || jsonb '{"record": "transaction"}'
        || CASE WHEN selector ? 'ip' AND NOT selector ? 'ids' THEN jsonb '{"ids": [0]}' ELSE '{}' END);
END $$;
COMMENT ON FUNCTION archive.check_selector(jsonb) IS
    'Refuses a selector that is not narrow: a party, ids or an address, within at most 31 days (Art. 7).';

CREATE OR REPLACE FUNCTION archive.select_access(selector jsonb, OUT record_ids bigint[], OUT accounts integer)
LANGUAGE plpgsql STABLE SET search_path = archive, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    conditions text := array_to_string(ARRAY[
        CASE WHEN selector ? 'parties' THEN 'account = ANY ($3)' END,
        CASE WHEN selector ? 'ids' THEN 'id = ANY ($4)' END,
        CASE WHEN selector ? 'ip' THEN 'client_ip = $5' END,
        CASE WHEN selector ? 'port' THEN 'client_port = $6' END], ' AND ');
BEGIN
    -- By the time that it happened; what happens is recorded on that day or later, but for clocks that are a day ahead.
    EXECUTE 'SELECT coalesce(array_agg(id ORDER BY id), ''{}''), count(DISTINCT account)
             FROM (SELECT id, account FROM access
                   WHERE recorded_at >= $1 - interval ''24 hours'' AND occurred_at >= $1 AND occurred_at < $2 AND '
            || conditions || ' LIMIT 10001) AS chosen'
    INTO record_ids, accounts
    USING (selector ->> 'from')::timestamptz, (selector ->> 'until')::timestamptz, texts(selector -> 'parties'),
          texts(selector -> 'ids')::bigint[], normal_address((selector ->> 'ip')::inet),
          (selector ->> 'port')::integer;
    -- Behind a carrier's NAT one address is many users. An order that names no port doesn't name one of them.
    IF accounts > 1 AND cardinality(record_ids) <= 10000 AND NOT selector ?| ARRAY['parties', 'ids', 'port', 'accounts'] THEN
        record_ids := '{}';
    END IF;
END $$;
COMMENT ON FUNCTION archive.select_access(jsonb) IS
    'The ids of access records that a selector finds, 10001 at the most, and how many accounts they are of; no ids when '
    'an address without a port is of several accounts, unless the selector says accounts: every (Art. 7).';

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
    SELECT e.xact, ARRAY(SELECT jsonb_array_elements_text(e.detail -> 'record_ids'))::bigint[] AS record_ids,
           (e.detail ->> 'accounts')::integer AS accounts INTO chosen
    FROM event AS e
    WHERE e.kind = 'disclosure found' AND (e.detail ->> 'disclosure')::bigint = d.id ORDER BY e.id LIMIT 1;
    IF NOT FOUND THEN
        -- Only now, when the request can't be taken back any more, is it looked for what it finds. What that is goes on
        -- record first: nothing is given yet, and nothing before that is in the chain, too.
        IF d.selector ->> 'record' = 'access' THEN
            SELECT f.record_ids, 0::bigint AS bytes, f.accounts INTO chosen FROM select_access(d.selector) AS f;
        ELSE
            SELECT f.record_ids, f.bytes, NULL::integer AS accounts INTO chosen FROM select_records(d.selector) AS f;
        END IF;
        IF cardinality(chosen.record_ids) > 10000 OR chosen.bytes > 134217728 THEN
            RAISE EXCEPTION 'disclosure refused: the selector finds more than 10000 records or 128 MiB'
                USING ERRCODE = 'program_limit_exceeded', HINT = 'Ask for a shorter time or fewer parties.';
        END IF;
        INSERT INTO event (kind, detail)
        VALUES ('disclosure found', jsonb_strip_nulls(jsonb_build_object(
            'disclosure', d.id, 'records', cardinality(chosen.record_ids), 'record_ids', chosen.record_ids,
            'accounts', chosen.accounts)));
        RETURN;
    ELSIF chosen.xact >= (SELECT to_xact FROM seal ORDER BY seq DESC LIMIT 1) THEN
        RETURN;
    END IF;
    INSERT INTO event (kind, detail) VALUES ('disclosure fetched', jsonb_build_object('disclosure', d.id));

    RETURN QUERY
    SELECT 'disclosure', to_jsonb(d) || jsonb_build_object(
        'records', cardinality(chosen.record_ids), 'record_ids', chosen.record_ids)
        || jsonb_strip_nulls(jsonb_build_object('accounts', chosen.accounts))
    UNION ALL
    SELECT 'seal', jsonb_build_object('seq', s.seq, 'hash', encode(s.hash, 'hex'), 'sealed_at', s.sealed_at);
    IF d.selector ->> 'record' = 'access' THEN
        RETURN QUERY
        SELECT 'access', to_jsonb(a) FROM access AS a
        WHERE a.recorded_at >= starts - interval '24 hours' AND a.id = ANY (chosen.record_ids) ORDER BY a.id;
        RETURN;
    ELSIF d.selector ->> 'record' = 'transaction' THEN
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

-- An auditor sees that there was a question, not whose address it asked for.
CREATE OR REPLACE VIEW archive.disclosures AS
SELECT d.id, d.recorded_at, d.order_number, d.order_date, d.approver, d.requested_by, d.requested_from,
       d.selector - ARRAY['parties', 'ids', 'ip', 'port'] AS selector,
       coalesce(nullif(cardinality(d.record_ids), 0), (
           SELECT max((e.detail ->> 'records')::integer) FROM archive.event AS e
           WHERE e.kind = 'disclosure found' AND (e.detail ->> 'disclosure')::bigint = d.id)) AS records
FROM archive.disclosure AS d;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA archive FROM PUBLIC;

COMMIT;
