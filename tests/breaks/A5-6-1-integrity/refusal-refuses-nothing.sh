#!/bin/sh
# The function behind the protection was replaced by one that lets everything through.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: function archive.refuse_change(): code is sha256
set -eu
runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --dbname=archive \
    --command="SELECT pg_get_functiondef('archive.refuse_change()'::regprocedure)" > /run/amanat-break.function
sql <<'END'
CREATE OR REPLACE FUNCTION archive.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = archive, pg_temp AS 'BEGIN RETURN NULL; END';
END
# undo
runuser -u postgres -- psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname=archive < /run/amanat-break.function
rm /run/amanat-break.function
