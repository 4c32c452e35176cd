#!/bin/sh
# The verification of copies was stopped while disks were exchanged, until the next boot as somebody thought.
# host: vault
# check: policies/article5/test_durable_verified.py::test_the_next_verification_is_due_in_time[copies]
set -eu
systemctl stop amanat-copies-verify.timer
# undo
systemctl start amanat-copies-verify.timer
