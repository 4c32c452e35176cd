# host: store
# what: The monitoring's role looks first into a schema with its own pg_stat_archiver, in which nothing ever failed or waits: the log can stop leaving for the vault, and ArchivingBroken never fires.
# settle: 20

break_it() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "
        CREATE SCHEMA IF NOT EXISTS tuning;
        CREATE OR REPLACE VIEW tuning.pg_stat_archiver AS
        SELECT archived_count, 0::bigint AS failed_count, now() AS last_archived_time, NULL::timestamptz AS last_failed_time
        FROM pg_catalog.pg_stat_archiver;
        CREATE OR REPLACE FUNCTION tuning.pg_ls_archive_statusdir() RETURNS TABLE (name text, size bigint, modification timestamptz)
        LANGUAGE sql STABLE AS 'SELECT NULL::text, NULL::bigint, NULL::timestamptz WHERE false';
        GRANT USAGE ON SCHEMA tuning TO archive_monitor;
        GRANT SELECT ON tuning.pg_stat_archiver TO archive_monitor;
        GRANT EXECUTE ON FUNCTION tuning.pg_ls_archive_statusdir() TO archive_monitor;
        ALTER ROLE archive_monitor IN DATABASE archive SET search_path = tuning, pg_catalog"
    systemctl restart amanat-metrics-database.service
}

undo() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "
        ALTER ROLE archive_monitor IN DATABASE archive RESET search_path;
        DROP SCHEMA IF EXISTS tuning CASCADE" 2>/dev/null
    systemctl restart amanat-metrics-database.service
}
