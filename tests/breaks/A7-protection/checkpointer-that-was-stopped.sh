#!/bin/sh
# PostgreSQL's checkpointer was stopped by a signal: no segment is finished for the vault before it is full.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known
# finding: stopped: postgresql@17-main.service: postgres /usr/lib/postgresql/17/bin/postgres
set -eu
pkill -STOP --full '^postgres: .*checkpointer'
# undo
pkill -CONT --full '^postgres: .*checkpointer'
