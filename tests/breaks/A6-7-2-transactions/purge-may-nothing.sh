#!/bin/sh
# Rights were tidied up: the timer runs on, and the role behind it may not purge any more.
# host: store
# check: policies/article6/test_purge.py::test_the_purge_runs_by_itself
# finding: its last run failed
set -eu
echo 'REVOKE EXECUTE ON FUNCTION archive.purge() FROM archive_purger' | sql
systemctl start amanat-archive-purge.service || true
# undo
echo 'GRANT EXECUTE ON FUNCTION archive.purge() TO archive_purger' | sql
systemctl restart amanat-archive-purge.service
