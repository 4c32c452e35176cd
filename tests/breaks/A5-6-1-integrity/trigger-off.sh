#!/bin/sh
# An owner switched the protection off for a clean-up and did not switch it on again.
# host: store
# check: policies/article5/test_integrity.py::test_every_table_refuses_change_even_to_its_owner
set -eu
sql <<'END'
ALTER TABLE archive.message DISABLE TRIGGER append_only;
END
# undo
sql <<'END'
ALTER TABLE archive.message ENABLE ALWAYS TRIGGER append_only;
END
