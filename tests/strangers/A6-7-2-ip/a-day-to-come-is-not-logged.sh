# host: store
# what: "For speed" a partition of access records three days ahead is UNLOGGED: a crash of PostgreSQL empties that day, and neither backups nor the vault's log have a row of it.

break_it() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 \
        -c "ALTER TABLE archive.access_$(date -u -d '3 days' +%Y_%m_%d) SET UNLOGGED"
}

undo() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 -c "
        DO \$\$ DECLARE one regclass; BEGIN
            FOR one IN SELECT oid FROM pg_class WHERE relpersistence = 'u' AND relname ~ '^access_2' AND relkind = 'r' LOOP
                EXECUTE format('ALTER TABLE %s SET LOGGED', one);
            END LOOP;
        END \$\$"
}
