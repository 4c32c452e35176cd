#!/bin/sh
# The register of disclosures, which auditors read, tells whose messages were asked for.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: view archive.disclosures: definition is sha256
set -eu
runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --dbname=archive --command="SELECT 'CREATE OR REPLACE VIEW archive.disclosures AS ' || pg_get_viewdef('archive.disclosures'::regclass)" > /run/amanat-break.disclosures
sql <<'END'
CREATE OR REPLACE VIEW archive.disclosures AS
SELECT id, recorded_at, order_number, order_date, approver, requested_by, requested_from, selector,
       cardinality(record_ids) AS records
FROM archive.disclosure;
END
# undo
runuser -u postgres -- psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname=archive < /run/amanat-break.disclosures
rm /run/amanat-break.disclosures
