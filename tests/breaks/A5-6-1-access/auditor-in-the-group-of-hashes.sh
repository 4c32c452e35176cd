#!/bin/sh
# The auditor couldn't see who has a password, so the account was put into the group that reads the hashes.
# host: store
# check: policies/article5/test_access_rights.py::test_no_account_is_in_a_group_that_is_not_its_own[store]
set -eu
usermod --append --groups shadow auditor
# undo
gpasswd --delete auditor shadow
