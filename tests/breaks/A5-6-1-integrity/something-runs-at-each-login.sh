#!/bin/sh
# A function that somebody left runs whenever a session begins.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: event trigger at_login
# finding: database archive: login triggers: some
set -eu
sql <<'END'
CREATE FUNCTION public.at_login() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER at_login ON login EXECUTE FUNCTION public.at_login();
END
# undo
# The database's mark of such a trigger is taken away by the next login.
sql <<'END'
DROP FUNCTION public.at_login() CASCADE;
END
echo 'SELECT 1' | sql > /dev/null
