-- What the running server has not taken up yet, and whether its files are sound. Times of files come in whole
-- seconds, rounded down: a file written and then taken up is never mistaken for a newer one.
SELECT
    (
        pg_postmaster_start_time() < (pg_stat_file(%(unit)s)).modification
        OR EXISTS (SELECT FROM pg_file_settings WHERE error = 'setting could not be applied')
        OR EXISTS (SELECT FROM pg_settings WHERE pending_restart)
    ) AS restart,
    pg_conf_load_time() < (
        -- The inode's time as well: a file that was put back with its old time may not be what is in force.
        SELECT max(greatest((pg_stat_file(file)).modification, (pg_stat_file(file)).change))
        FROM unnest(ARRAY[
            %(configuration)s || '/postgresql.conf',
            %(configuration)s || '/pg_hba.conf',
            %(configuration)s || '/pg_ident.conf',
            current_setting('ssl_ca_file'),
            current_setting('ssl_cert_file'),
            current_setting('ssl_key_file')
        ]) AS file
    ) AS reload,
    (
        SELECT min(place || ': ' || reason)
        FROM (
            SELECT file_name || ' line ' || line_number AS place, error AS reason
            FROM pg_hba_file_rules WHERE error IS NOT NULL
            UNION ALL
            SELECT file_name || ' line ' || line_number, error
            FROM pg_ident_file_mappings WHERE error IS NOT NULL
            UNION ALL
            SELECT sourcefile || ' line ' || sourceline, error
            FROM pg_file_settings WHERE error IS NOT NULL AND error <> 'setting could not be applied'
        ) AS found
    ) AS error
