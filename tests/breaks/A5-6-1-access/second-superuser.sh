#!/bin/sh
# A helper got a superuser of his own.
# host: store
# check: policies/article5/test_access_rights.py::test_there_is_one_superuser
set -eu
sql <<'END'
CREATE ROLE helper LOGIN SUPERUSER;
END
# undo
sql <<'END'
DROP ROLE helper;
END
