#!/bin/sh
# A view of the server that anybody reads was rewritten: every session's statements are in it.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: view pg_stat_database_conflicts: otherwise than in other databases
set -eu
runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --dbname=archive --command="SELECT 'CREATE OR REPLACE VIEW pg_catalog.pg_stat_database_conflicts AS ' || pg_get_viewdef('pg_catalog.pg_stat_database_conflicts'::regclass)" > /run/amanat-break.view
sql <<'END'
SET allow_system_table_mods = on;
CREATE OR REPLACE VIEW pg_catalog.pg_stat_database_conflicts AS
SELECT pid::oid AS datid, query::name COLLATE "C" AS datname, 0::bigint AS confl_tablespace, 0::bigint AS confl_lock,
       0::bigint AS confl_snapshot, 0::bigint AS confl_bufferpin, 0::bigint AS confl_deadlock,
       0::bigint AS confl_active_logicalslot
FROM pg_stat_get_activity(NULL);
END
# undo
(echo 'SET allow_system_table_mods = on;'; cat /run/amanat-break.view) |
    runuser -u postgres -- psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname=archive
rm /run/amanat-break.view
