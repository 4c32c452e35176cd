#!/bin/sh
# The job that chains records was stopped to save power.
# host: store
# check: policies/article5/test_integrity.py::test_a_new_record_is_chained_in_time
set -eu
systemctl stop amanat-archive-seal.service
# undo
systemctl start amanat-archive-seal.service
