-- The statements that take from everyone what no client needs: languages to write code in, functions that act (VOLATILE)
-- beyond what drivers and sessions use, and what the owner will make, from its first moment. The owner, who writes the
-- database's functions, keeps the languages. None when it is done.
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
    SELECT format('REVOKE EXECUTE ON FUNCTION %%s FROM PUBLIC', name) AS statement FROM functions
    UNION ALL
    SELECT format('REVOKE USAGE ON LANGUAGE %%I FROM PUBLIC', lanname)
    FROM pg_language WHERE lanpltrusted AND has_language_privilege('public', oid, 'USAGE')
    UNION ALL
    SELECT format('GRANT USAGE ON LANGUAGE %%I TO %%I', lanname, %(owner)s)
    FROM pg_language
    WHERE lanpltrusted AND NOT EXISTS (
        SELECT FROM aclexplode(lanacl) WHERE grantee = %(owner)s::regrole)
    UNION ALL
    SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %%I REVOKE ALL ON %%s FROM PUBLIC', %(owner)s, kind)
    FROM (VALUES ('f', 'FUNCTIONS'), ('T', 'TYPES')) AS kinds (letter, kind)
    WHERE NOT EXISTS (
        SELECT FROM pg_default_acl
        WHERE defaclrole = %(owner)s::regrole AND defaclnamespace = 0 AND defaclobjtype = letter::"char"
          AND NOT EXISTS (SELECT FROM aclexplode(defaclacl) WHERE grantee = 0))
) AS wanted
