# host: store
# what: A function archive.format(text, regclass) is a better match than PostgreSQL's own in the archive's search path: partitions made from now on get no append-only trigger, so their rows can be changed.

break_it() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "
        SET ROLE archive_owner;
        CREATE OR REPLACE FUNCTION archive.format(pattern text, what regclass) RETURNS text
        LANGUAGE sql STABLE AS 'SELECT CASE WHEN pattern ~ ''append_only'' THEN ''SELECT 1'' ELSE pg_catalog.format(pattern, what::text) END'"
}

undo() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "DROP FUNCTION IF EXISTS archive.format(text, regclass)" 2>/dev/null
}
