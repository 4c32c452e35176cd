#!/bin/sh
# An intern's account was made in a hurry.
# host: store
# check: policies/article5/test_access_rights.py::test_the_accounts_of_the_host_are_known_and_locked[store]
set -eu
useradd --create-home --shell /bin/bash intern
passwd --delete intern
# undo
userdel --remove intern
