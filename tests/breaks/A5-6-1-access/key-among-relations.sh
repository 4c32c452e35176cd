#!/bin/sh
# A copy of the host's key lies among the database's files, named like one of them.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: nobody expects secret /srv/archive/postgresql/17/main/base/5_fsm: file 0600 postgres postgres: private key
set -eu
install -o postgres -g postgres -m 0600 /etc/ssh/ssh_host_ed25519_key /srv/archive/postgresql/17/main/base/5_fsm
# undo
rm /srv/archive/postgresql/17/main/base/5_fsm
