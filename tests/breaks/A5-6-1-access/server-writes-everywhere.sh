#!/bin/sh
# In the running server's own view the machine's disk was made writable; its unit still says that it is not.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: mount for postgresql@17-main.service: /:
set -eu
nsenter --mount --target "$(head -n 1 /srv/archive/postgresql/17/main/postmaster.pid)" mount -o remount,bind,rw /
# undo
nsenter --mount --target "$(head -n 1 /srv/archive/postgresql/17/main/postmaster.pid)" mount -o remount,bind,ro /
