#!/bin/sh
# A superuser rewrites to whom a message went, and has the verifier excuse that one message.
# host: store
# check: policies/article5/test_integrity.py::test_the_chain_computed_anew_is_the_archives
# finding: the verifier may say that all is well
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
echo "SELECT id FROM archive.message WHERE xact < (SELECT max(to_xact) FROM archive.seal) ORDER BY id DESC OFFSET 1 LIMIT 1" |
    sql > /run/amanat-break-excused.id
id=$(cat /run/amanat-break-excused.id)
echo "SELECT pg_get_functiondef('archive.first_bad_record(bigint,bigint)'::regprocedure)" | sql > /run/amanat-break-excused.sql
sed "s/FROM bad ORDER BY/FROM bad WHERE id <> $id ORDER BY/" /run/amanat-break-excused.sql | sql
reverse_destination "$id"
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
reverse_destination "$(cat /run/amanat-break-excused.id)"
sql < /run/amanat-break-excused.sql
rm /run/amanat-break-excused.id /run/amanat-break-excused.sql
