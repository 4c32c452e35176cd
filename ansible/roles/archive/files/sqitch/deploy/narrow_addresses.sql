-- Deploy archive:narrow_addresses to pg
-- requires: purge_in_steps
-- builds: A6-7-2-ip, A7-disclosure
BEGIN;

CREATE OR REPLACE FUNCTION archive.check_selector(selector jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = archive, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    peer  jsonb := selector - ARRAY['record', 'parties', 'ids', 'from', 'until'];
    -- What an order may name together. Ids beside an address would give one user of it after the other.
    names text := (SELECT string_agg(name, '+' ORDER BY place) FROM unnest(ARRAY['parties', 'ids', 'ip', 'port', 'accounts'])
                   WITH ORDINALITY AS n (name, place) WHERE selector ? name);
    fault text;
BEGIN
    IF jsonb_typeof(selector) IS DISTINCT FROM 'object' OR selector ->> 'record' IS DISTINCT FROM 'access' THEN
        PERFORM check_party_selector(selector);
        RETURN;
    ELSIF EXISTS (SELECT FROM jsonb_object_keys(peer) AS k WHERE k NOT IN ('ip', 'port', 'accounts')) THEN
        fault := 'it may hold only record, parties, ids, from, until, ip, port, accounts';
    ELSIF (names IN ('parties', 'ids', 'parties+ids', 'ip', 'ip+port', 'ip+accounts', 'ip+port+accounts', 'parties+ip',
                     'parties+ip+port')) IS NOT TRUE THEN
        fault := 'it must name parties, ids or both; or an ip, with its port, parties, or accounts';
    ELSIF peer ? 'ip' AND (jsonb_typeof(peer -> 'ip') = 'string' AND pg_input_is_valid(peer ->> 'ip', 'inet')
                           AND is_peer(normal_address((peer ->> 'ip')::inet), 1)) IS NOT TRUE THEN
        fault := 'ip must be the address of one host';
    ELSIF peer ? 'port' AND (jsonb_typeof(peer -> 'port') = 'string'
                             AND peer ->> 'port' ~ '^[1-9][0-9]{0,4}$' AND (peer ->> 'port')::integer < 65536) IS NOT TRUE THEN
        fault := 'port must be 1 to 65535';
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
        || CASE WHEN selector ? 'ip' THEN jsonb '{"ids": [0]}' ELSE '{}' END);
END $$;

CREATE OR REPLACE FUNCTION archive.select_access(selector jsonb, OUT record_ids bigint[], OUT accounts integer)
LANGUAGE plpgsql STABLE SET search_path = archive, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    conditions text := array_to_string(ARRAY[
        CASE WHEN selector ? 'parties' THEN 'account = ANY ($3)' END,
        -- Beside an address ids would tell apart whom it does not: of a request of before that was refused.
        CASE WHEN selector ? 'ids' AND NOT selector ? 'ip' THEN 'id = ANY ($4)' END,
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
    IF selector ? 'ip' AND accounts > 1 AND cardinality(record_ids) <= 10000
       AND NOT selector ?| ARRAY['parties', 'port', 'accounts'] THEN
        record_ids := '{}';
    END IF;
END $$;

COMMIT;
