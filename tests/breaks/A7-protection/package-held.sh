#!/bin/sh
# A version that somebody trusts was put on hold, and stays when the next hole in it is known.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: package openssl is hold ok installed
set -eu
echo openssl hold | dpkg --set-selections
# undo
echo openssl install | dpkg --set-selections
