#!/bin/sh
# The log server is told to keep sealed days for a quarter only: disks are dear.
# host: logs
# check: policies/article6/test_log_seals.py::test_sealed_days_are_kept_as_long_as_they_are_needed
# finding: 90 days
set -eu
cp -p /etc/amanat/logs/seal.json /run/amanat-break-seal.json
sed -i 's/"retention_days": [0-9]*/"retention_days": 90/' /etc/amanat/logs/seal.json
# undo
cp -p /run/amanat-break-seal.json /etc/amanat/logs/seal.json
rm /run/amanat-break-seal.json
