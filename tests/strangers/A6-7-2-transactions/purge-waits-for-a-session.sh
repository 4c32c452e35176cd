# host: store
# what: A superuser's forgotten session holds a lock on the table of holds, with its timeouts off: every purge gives up after five seconds, so what has to go stays for as long as the session does.

break_it() {
    PGAPPNAME=report-of-holds setsid --fork runuser -u postgres -- psql -qXd archive \
        -c "SET statement_timeout = 0" -c "SET transaction_timeout = 0" \
        -c "BEGIN; LOCK TABLE archive.hold IN ROW EXCLUSIVE MODE; SELECT pg_sleep(31536000); COMMIT" </dev/null >/dev/null 2>&1
}

undo() {
    runuser -u postgres -- psql -qXd archive -v ON_ERROR_STOP=1 \
        -c "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'report-of-holds'" >/dev/null
}
