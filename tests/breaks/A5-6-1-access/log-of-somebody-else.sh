#!/bin/sh
# The server logs no more who comes; a loop of another account writes lines that look like it.
# host: store
# check: policies/article5/test_access_log_kept.py::test_a_login_and_a_refusal_arrive_in_the_log
# finding: the login
set -eu
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1; }
sql <<'END' >/dev/null
ALTER SYSTEM SET log_connections = off;
ALTER SYSTEM SET log_min_messages = panic;
SELECT pg_reload_conf();
END
systemd-run --quiet --unit=amanat-break-lines --uid=nobody sh -c 'while sleep 1; do
    read -r _ _ _ _ last < /proc/loadavg
    for pid in $(seq $((last - 300)) $((last + 50))); do
        echo "[$pid] LOG:  connection authorized: user=archive_auditor"
        echo "[$pid] FATAL:  password authentication failed for user \"archive_discloser\""
    done | logger --tag postgresql
done'
# undo
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1; }
systemctl stop amanat-break-lines.service
sql <<'END' >/dev/null
ALTER SYSTEM RESET log_connections;
ALTER SYSTEM RESET log_min_messages;
SELECT pg_reload_conf();
END
