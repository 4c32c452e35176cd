#!/bin/sh
# Support wanted to see what was installed when.
# host: store
# check: policies/article7/test_hardening.py::test_logs_are_for_their_readers
set -eu
chmod 0644 /var/log/dpkg.log
# undo
chmod 0640 /var/log/dpkg.log
