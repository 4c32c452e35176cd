#!/bin/sh
# Copying made the host slow on the day of a demonstration, and stayed off.
# host: store
# check: policies/article5/test_durable_copies.py::test_the_next_copy_is_due_in_time[store]
set -eu
systemctl disable --now amanat-copy.timer
# undo
systemctl enable --now amanat-copy.timer
