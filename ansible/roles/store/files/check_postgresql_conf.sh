#!/bin/sh
# check-postgresql-conf FILE: PostgreSQL itself reads a configuration file; status 0 if it would start with it.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 0755 "$scratch"
install -m 0400 -o postgres "$1" "$scratch/postgresql.conf"
runuser -u postgres -- /usr/lib/postgresql/17/bin/postgres -C config_file \
    --config-file="$scratch/postgresql.conf" >/dev/null
