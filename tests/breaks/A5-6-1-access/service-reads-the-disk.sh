#!/bin/sh
# A backup tool needed the raw disk, so the database's account was put into the group that reads all of it.
# host: store
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[store]
# finding: nobody expects group disk member postgres
set -eu
gpasswd -a postgres disk > /dev/null
# undo
gpasswd -d postgres disk > /dev/null
