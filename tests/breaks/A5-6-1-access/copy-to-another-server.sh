#!/bin/sh
# A reporting server is to be filled, and its password lies in the catalogue.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: foreign server reports: owner postgres
# finding: user mapping of archive_auditor for foreign server reports: options user password
set -eu
sql <<'END'
CREATE FOREIGN DATA WRAPPER reports NO HANDLER;
CREATE SERVER reports FOREIGN DATA WRAPPER reports OPTIONS (host 'reports.example');
CREATE USER MAPPING FOR archive_auditor SERVER reports OPTIONS (user 'reports', password 'secret');
END
# undo
sql <<'END'
DROP FOREIGN DATA WRAPPER reports CASCADE;
END
