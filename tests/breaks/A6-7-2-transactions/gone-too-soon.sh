#!/bin/sh
# What removes old months asks no more how long transactions are to be kept.
# host: store
# check: policies/article6/test_transactions.py::test_transactions_are_kept_long_enough
set -eu
echo "SELECT pg_get_functiondef('archive.expire_partitions(integer)'::regprocedure)" | sql > /run/amanat-break.sql
sed 's/retention_days < least_days/false/' /run/amanat-break.sql | sql
# undo
sql < /run/amanat-break.sql
rm /run/amanat-break.sql
