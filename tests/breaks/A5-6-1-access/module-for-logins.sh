#!/bin/sh
# A module for logins that lets everybody in waits beside those of its package.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: /security/pam_cache.so: file 0644 root root
set -eu
directory=$(dirname "$(find /usr/lib -name pam_permit.so)")
cp "$directory/pam_permit.so" "$directory/pam_cache.so"
# undo
rm "$(find /usr/lib -name pam_cache.so)"
