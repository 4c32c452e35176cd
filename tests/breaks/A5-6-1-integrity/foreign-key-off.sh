#!/bin/sh
# Keys of messages may be missing: the triggers behind a reference are off.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: trigger of constraint data_key_sealing_key_id_fkey on archive.data_key: "RI_FKey_check_ins" is disabled
set -eu
sql <<'END'
ALTER TABLE archive.data_key DISABLE TRIGGER ALL;
END
# undo
sql <<'END'
ALTER TABLE archive.data_key ENABLE TRIGGER ALL;
ALTER TABLE archive.data_key ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE archive.data_key ENABLE ALWAYS TRIGGER durable_commit;
END
