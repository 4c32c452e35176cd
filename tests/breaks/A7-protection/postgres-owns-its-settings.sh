#!/bin/sh
# Debian's package gives the directory to the database's account, and somebody put it back.
# host: store
# check: policies/article7/test_hardening.py::test_directories_of_the_system_are_roots
set -eu
chown postgres: /etc/postgresql
# undo
chown root: /etc/postgresql
