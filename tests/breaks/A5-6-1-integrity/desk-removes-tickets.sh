#!/bin/sh
# The desk may remove tickets, by a function of the owner's.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: desk: function tracker.tidy(integer)
set -eu
sql desk <<'END'
SET ROLE desk_owner;
CREATE FUNCTION tracker.tidy(integer) RETURNS void SECURITY DEFINER LANGUAGE sql AS 'DELETE FROM tracker.tickets WHERE id = $1';
GRANT EXECUTE ON FUNCTION tracker.tidy(integer) TO desk_application;
END
# undo
sql desk <<'END'
DROP FUNCTION tracker.tidy(integer);
END
