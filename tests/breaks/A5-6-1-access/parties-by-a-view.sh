#!/bin/sh
# A summary of the parties was made for the writers, and is brought up to date every night.
# host: store
# check: policies/article5/test_access_rights.py::test_no_relation_of_the_archive_is_open_to_another_role
set -eu
sql <<'END'
CREATE MATERIALIZED VIEW archive.parties AS SELECT origin, count(*) AS messages FROM archive.message GROUP BY origin;
GRANT SELECT ON archive.parties TO archive_writer;
END
# undo
sql <<'END'
DROP MATERIALIZED VIEW archive.parties;
END
