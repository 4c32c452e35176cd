#!/bin/sh
# The job that seals was stopped for the night, and nobody started it again.
# host: logs
# check: policies/article6/test_log_seals.py::test_days_to_come_will_be_sealed
set -eu
systemctl stop amanat-log-seal.timer
# undo
systemctl start amanat-log-seal.timer
