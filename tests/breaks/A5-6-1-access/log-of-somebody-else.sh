#!/bin/sh
# The server logs no more who comes; a loop of another account writes lines that look like it.
# host: store
# check: policies/article5/test_access_log_kept.py::test_a_login_and_a_refusal_arrive_in_the_log
# finding: the login
set -eu
cp -p /etc/postgresql/17/main/postgresql.conf /run/amanat-break-log.conf
cat >> /etc/postgresql/17/main/postgresql.conf <<'END'
log_connections = off
log_min_messages = panic
END
systemctl reload postgresql@17-main.service
systemd-run --quiet --unit=amanat-break-lines --uid=nobody sh -c 'while sleep 1; do
    read -r _ _ _ _ last < /proc/loadavg
    for pid in $(seq $((last - 300)) $((last + 50))); do
        echo "[$pid] LOG:  connection authorized: user=archive_auditor"
        echo "[$pid] FATAL:  password authentication failed for user \"archive_discloser\""
    done | logger --tag postgresql
done'
# undo
systemctl stop amanat-break-lines.service
cp -p /run/amanat-break-log.conf /etc/postgresql/17/main/postgresql.conf
rm /run/amanat-break-log.conf
systemctl reload postgresql@17-main.service
