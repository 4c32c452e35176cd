#!/bin/sh
# A copy of the database server's key lies in shared memory, named like a semaphore.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: nobody expects secret /dev/shm/.sem.server: file 0644 root root: private key
set -eu
cp /etc/amanat/pki/postgresql.key /dev/shm/.sem.server
chmod 0644 /dev/shm/.sem.server
# undo
rm /dev/shm/.sem.server
