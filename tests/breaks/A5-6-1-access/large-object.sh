#!/bin/sh
# An attachment is kept as a large object, in clear and outside the chain.
# host: store
# check: policies/article5/test_access_surface.py::test_there_are_no_large_objects
set -eu
sql <<'END'
SELECT lo_from_bytea(4711, 'in clear');
END
# undo
sql <<'END'
SELECT lo_unlink(4711);
END
