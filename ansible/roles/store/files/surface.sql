-- The statements that take from everyone what no client of the archive needs: languages to write code in, and functions
-- that act (VOLATILE) beyond what drivers and sessions use. None when it is done.
WITH functions AS (
    SELECT p.oid, p.oid::regprocedure AS name
    FROM pg_proc AS p
    WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.provolatile = 'v' AND p.prokind = 'f'
      AND has_function_privilege('public', p.oid, 'EXECUTE')
      -- Handlers that the server alone can call.
      AND NOT 'internal'::regtype = ANY (p.proargtypes) AND p.prorettype::regtype::text !~ '(internal|trigger|_handler)$'
      AND p.proname <> ALL (ARRAY[
        'clock_timestamp', 'timeofday', 'random', 'random_normal', 'setseed', 'gen_random_uuid', 'array_sample',
        'array_shuffle', 'currval', 'lastval', 'nextval', 'setval', 'set_config', 'current_query', 'pg_sleep',
        'pg_sleep_for', 'pg_sleep_until', 'pg_is_in_recovery', 'pg_current_wal_flush_lsn', 'pg_current_wal_insert_lsn'])
)
SELECT coalesce(array_agg(statement), '{}') AS statements
FROM (
    SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', name) AS statement FROM functions
    UNION ALL
    SELECT format('REVOKE USAGE ON LANGUAGE %I FROM PUBLIC', lanname)
    FROM pg_language WHERE lanpltrusted AND has_language_privilege('public', oid, 'USAGE')
    UNION ALL
    -- The owner writes the archive's functions.
    SELECT format('GRANT USAGE ON LANGUAGE %I TO archive_owner', lanname)
    FROM pg_language
    WHERE lanpltrusted AND NOT EXISTS (
        SELECT FROM aclexplode(lanacl) WHERE grantee = 'archive_owner'::regrole)
    UNION ALL
    -- It tends its indexes, and Sqitch lets no two deployments run at once.
    SELECT format('GRANT EXECUTE ON FUNCTION %s TO archive_owner', needed)
    FROM unnest(ARRAY['brin_summarize_new_values(regclass)', 'pg_advisory_lock(bigint)',
                      'pg_try_advisory_lock(bigint)']::regprocedure[]) AS needed
    WHERE NOT EXISTS (
        SELECT FROM pg_proc AS p, aclexplode(p.proacl) AS a
        WHERE p.oid = needed AND a.grantee = 'archive_owner'::regrole)
) AS wanted
