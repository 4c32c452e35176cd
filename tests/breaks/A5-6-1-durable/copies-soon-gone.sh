#!/bin/sh
# Room was short, so copies go after three days.
# host: vault
set -eu
cp -p /etc/amanat/copies/copies.json /run/amanat-break.copies
sed -i -e 's/"keep_days": [0-9]*/"keep_days": 3/' -e 's/"keep_least": [0-9]*/"keep_least": 1/' \
  /etc/amanat/copies/copies.json
# undo
mv /run/amanat-break.copies /etc/amanat/copies/copies.json
