#!/bin/sh
# A developer logs every statement to find a slow one; with them goes what people write.
# host: store
# check: policies/article5/test_access_log.py::test_content_does_not_reach_the_log
set -eu
systemctl stop amanat-postgresql-guard.service
echo "ALTER ROLE archive_writer SET log_min_messages = log" | runuser -u postgres -- psql --no-psqlrc --quiet
cp -p /etc/postgresql/17/main/postgresql.conf /run/amanat-break.conf
cat >> /etc/postgresql/17/main/postgresql.conf <<'END'
log_statement = 'all'
log_error_verbosity = default
log_min_duration_statement = 0
log_parameter_max_length = -1
END
systemctl reload postgresql@17-main.service
# undo
cp -p /run/amanat-break.conf /etc/postgresql/17/main/postgresql.conf
rm /run/amanat-break.conf
systemctl reload postgresql@17-main.service
systemctl start amanat-postgresql-guard.service
