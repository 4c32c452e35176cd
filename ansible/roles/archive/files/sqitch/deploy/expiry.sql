-- Deploy archive:expiry to pg
-- requires: verify
-- builds: A5-6-1-integrity
BEGIN;

CREATE OR REPLACE FUNCTION archive.expire_partitions(retention_days integer) RETURNS SETOF text
LANGUAGE plpgsql SET search_path = archive, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    least_days integer := (SELECT message_retention_days FROM machine);
    sealed_to  bigint := (SELECT to_xact FROM seal ORDER BY seq DESC LIMIT 1);
    old        record;
    rows       record;
BEGIN
    IF retention_days IS NULL OR retention_days < least_days THEN
        RAISE EXCEPTION 'expiry refused: records are kept for % days at the least', least_days
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR old IN
        SELECT parent, month, partition_of(parent, month) AS name
        FROM machine, unnest(ARRAY['message', 'transaction']) AS parent,
             generate_series(month_of(partitions_from), month_of(partitions_until) - 1) AS month
        WHERE month_start(month + 1) + make_interval(days => retention_days) <= clock_timestamp()
        ORDER BY month, parent
    LOOP
        CONTINUE WHEN to_regclass(format('archive.%I', old.name)) IS NULL;
        EXECUTE format('SELECT count(*) AS count, min(id) AS first_id, max(id) AS last_id,
                               bool_or(xact >= $1) AS unsealed FROM archive.%I', old.name)
        INTO rows USING sealed_to;
        IF rows.unsealed THEN
            RAISE EXCEPTION 'expiry refused: % holds records that are not chained yet', old.name
                USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
        INSERT INTO event (kind, detail)
        VALUES ('expiry', jsonb_build_object(
            'expired', left(old.parent, 1) || ':' || old.month, 'partition', old.name,
            'records', rows.count, 'first_id', rows.first_id, 'last_id', rows.last_id,
            'retention_days', retention_days));
        EXECUTE format('DROP TABLE archive.%I', old.name);
        UPDATE machine SET partitions_from = greatest(partitions_from, month_start(old.month + 1));
        RETURN NEXT old.name;
    END LOOP;
END $$;
COMMENT ON FUNCTION archive.expire_partitions(integer) IS
    'Drops whole months whose retention is over; refuses inside it. Each leaves a chained record (Art. 5 '
    '6-1, durable).';

COMMIT;
