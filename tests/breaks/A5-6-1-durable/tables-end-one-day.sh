#!/bin/sh
# The running server may write no file beyond 512 MiB: all is well until a month's table is as large as that.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: limit of postgresql@17-main.service: postgres /usr/lib/postgresql/17/bin/postgres: file size
set -eu
runuser -u postgres -- prlimit --fsize=536870912:unlimited --pid "$(head -n 1 /srv/archive/postgresql/17/main/postmaster.pid)"
# undo
runuser -u postgres -- prlimit --fsize=unlimited:unlimited --pid "$(head -n 1 /srv/archive/postgresql/17/main/postmaster.pid)"
