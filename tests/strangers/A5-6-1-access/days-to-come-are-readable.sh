# host: store
# what: Default privileges of the archive's owner give the gateway's role SELECT on every table made from now on: it reads each new day of addresses and month of transactions past disclosures, and nothing logs that.

break_it() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 \
        -c "ALTER DEFAULT PRIVILEGES FOR ROLE archive_owner IN SCHEMA archive GRANT SELECT ON TABLES TO archive_writer"
}

undo() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 \
        -c "ALTER DEFAULT PRIVILEGES FOR ROLE archive_owner IN SCHEMA archive REVOKE SELECT ON TABLES FROM archive_writer"
}
