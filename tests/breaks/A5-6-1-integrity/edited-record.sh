#!/bin/sh
# A superuser rewrites to whom a message went, and covers the traces.
# host: store
# check: policies/article5/test_integrity.py::test_the_whole_chain_holds
set -eu
reverse_destination() {
    sql <<END
BEGIN;
ALTER TABLE archive.message DISABLE TRIGGER append_only;
UPDATE archive.message SET destination = reverse(destination) WHERE id = $1;
ALTER TABLE archive.message ENABLE ALWAYS TRIGGER append_only;
COMMIT;
END
}
echo 'SELECT max(id) FROM archive.message WHERE xact < (SELECT max(to_xact) FROM archive.seal)' | sql > /run/amanat-break.id
reverse_destination "$(cat /run/amanat-break.id)"
# undo
reverse_destination() {
    sql <<END
BEGIN;
ALTER TABLE archive.message DISABLE TRIGGER append_only;
UPDATE archive.message SET destination = reverse(destination) WHERE id = $1;
ALTER TABLE archive.message ENABLE ALWAYS TRIGGER append_only;
COMMIT;
END
}
reverse_destination "$(cat /run/amanat-break.id)"
rm /run/amanat-break.id
