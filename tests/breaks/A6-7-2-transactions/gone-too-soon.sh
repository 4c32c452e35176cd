#!/bin/sh
# What removes old months asks no more how long transactions are to be kept.
# host: store
# check: policies/article6/test_transactions.py::test_transactions_are_kept_long_enough
set -eu
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
echo "SELECT pg_get_functiondef('archive.expire_partitions(integer)'::regprocedure)" | sql > /run/amanat-break.sql
sed 's/retention_days < least_days/false/' /run/amanat-break.sql | sql
# undo
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql < /run/amanat-break.sql
rm /run/amanat-break.sql
