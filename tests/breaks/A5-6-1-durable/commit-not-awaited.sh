#!/bin/sh
# A DBA takes a trigger away that slows bulk loads: a session can have its commits acknowledged early again.
# host: store
# check: policies/article5/test_durable.py::test_a_client_cannot_weaken_its_own_acknowledgement[message-after]
set -eu
sql <<'END'
ALTER TABLE archive.message DISABLE TRIGGER durable_commit;
END
# undo
sql <<'END'
ALTER TABLE archive.message ENABLE ALWAYS TRIGGER durable_commit;
END
