#!/bin/sh
# Room was short, so copies go after three days; the last sixty stay, which sounds like enough.
# host: vault
# check: policies/article5/test_durable_copies.py::test_pruning_leaves_what_came_in_lately
set -eu
cp -p /etc/amanat/copies/copies.json /run/amanat-break.copies
sed -i -e 's/"keep_days": [0-9]*/"keep_days": 3/' -e 's/"keep_least": [0-9]*/"keep_least": 60/' \
  /etc/amanat/copies/copies.json
# undo
mv /run/amanat-break.copies /etc/amanat/copies/copies.json
