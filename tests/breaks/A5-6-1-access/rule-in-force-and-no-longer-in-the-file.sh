#!/bin/sh
# A rule was taken up by the server and then removed from the file, which looks right again.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: server: file /etc/postgresql/17/main/pg_ident.conf is changed after it was read
set -eu
cp -p /etc/postgresql/17/main/pg_ident.conf /run/amanat-break.ident
echo 'jobs  www-data  archive_sealer' >> /etc/postgresql/17/main/pg_ident.conf
loaded() { runuser -u postgres -- psql --no-psqlrc --tuples-only --no-align --command='SELECT pg_conf_load_time()' postgres; }
before=$(loaded)
systemctl reload postgresql@17-main.service
until [ "$(loaded)" != "$before" ]; do sleep 0.1; done
cp -p /run/amanat-break.ident /etc/postgresql/17/main/pg_ident.conf
# undo
rm /run/amanat-break.ident
systemctl reload postgresql@17-main.service
