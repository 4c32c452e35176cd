-- Deploy archive:transaction to pg
-- requires: message
-- builds: A6-7-2-transactions, U-currency
BEGIN;

CREATE TABLE IF NOT EXISTS archive.transaction (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    xact        bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    occurred_at timestamptz NOT NULL,
    client_port integer NOT NULL,
    user_ref    text NOT NULL,
    kind        text NOT NULL,
    amount      numeric NOT NULL,
    currency    text NOT NULL,
    means       text NOT NULL,
    reference   text NOT NULL,
    client_ip   inet NOT NULL,
    PRIMARY KEY (id, recorded_at)
) PARTITION BY RANGE (recorded_at);
COMMENT ON TABLE archive.transaction IS 'Online transactions by month of recording (Art. 6 7-2).';
CREATE INDEX IF NOT EXISTS transaction_xact ON archive.transaction
    USING brin (xact) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX IF NOT EXISTS transaction_recorded_at ON archive.transaction
    USING brin (recorded_at) WITH (pages_per_range = 32, autosummarize = on);
SELECT archive.make_append_only('archive.transaction');

CREATE OR REPLACE FUNCTION archive.record_transaction(
    user_ref text, kind text, amount numeric, currency text, means text, reference text, client_ip inet,
    client_port integer, occurred_at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = archive, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    id          bigint;
    recorded_at timestamptz := clock_timestamp();
    fault       text := CASE
        WHEN is_party(user_ref) IS NOT TRUE THEN 'user_ref must have 1 to 255 printable characters'
        WHEN (kind ~ '^[a-z][a-z0-9_]{1,31}$') IS NOT TRUE THEN 'kind must be a word of 2 to 32 characters a-z 0-9 _'
        WHEN (amount >= 0 AND amount < 1e18 AND scale(amount) <= 8) IS NOT TRUE
            THEN 'amount must be from 0 to below 10^18 with at most 8 decimals'
        WHEN (currency ~ '^[A-Z]{3,8}$') IS NOT TRUE THEN 'currency must be a code of 3 to 8 letters A-Z'
        WHEN is_party(reference) IS NOT TRUE THEN 'reference must have 1 to 255 printable characters'
        WHEN is_peer(client_ip, client_port) IS NOT TRUE THEN 'client_ip must be one host and client_port 1 to 65535'
        WHEN NOT EXISTS (SELECT FROM means AS m WHERE m.name = means)
            THEN 'means is not in the list of means of payment'
    END;
BEGIN
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'transaction refused: %', fault USING ERRCODE = 'invalid_parameter_value';
    ELSIF (occurred_at BETWEEN '2000-01-01Z' AND recorded_at + interval '1 day') IS NOT TRUE THEN
        RAISE EXCEPTION 'transaction refused: occurred_at must lie between 2000 and tomorrow'
            USING ERRCODE = 'datetime_field_overflow';
    END IF;
    PERFORM set_config('synchronous_commit', 'on', true)
    WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply');
    IF NOT EXISTS (SELECT FROM machine WHERE recorded_at >= partitions_from AND recorded_at < partitions_until) THEN
        PERFORM make_partitions(0);
    END IF;
    id := nextval('archive.transaction_id_seq');
    INSERT INTO transaction (id, xact, recorded_at, occurred_at, client_port, user_ref, kind, amount, currency,
                             means, reference, client_ip)
    OVERRIDING SYSTEM VALUE
    VALUES (id, clock(), recorded_at, occurred_at, client_port, user_ref, kind, amount, currency,
            means, reference, client_ip);
    RETURN id;
END $$;
COMMENT ON FUNCTION archive.record_transaction(text, text, numeric, text, text, text, inet, integer, timestamptz) IS
    'Records one online transaction; durable when its transaction has committed (Art. 6 7-2; means: union).';

COMMIT;
