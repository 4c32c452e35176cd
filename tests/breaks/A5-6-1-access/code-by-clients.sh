#!/bin/sh
# A developer wants to try something in the database and opens its language to everyone.
# host: store
# check: policies/article5/test_access_surface.py::test_nothing_is_kept_or_said_beside_the_archive[archive_writer]
set -eu
sql <<'END'
GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC;
END
# undo
sql <<'END'
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
END
