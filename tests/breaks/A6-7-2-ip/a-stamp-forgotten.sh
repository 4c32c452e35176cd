#!/bin/sh
# The vault's record of its stamps begins with another line than the one that was written first.
# host: vault
# check: policies/article6/test_log_seals.py::test_the_vaults_record_of_stamps_was_not_changed
# finding: is not what it was
set -eu
cp -p /var/lib/amanat/tsa/stamps.jsonl /run/amanat-break-stamps 2> /dev/null || : > /run/amanat-break-stamps
printf '{"serial": 0, "at": "2026-01-01T00:00:00+00:00", "imprint": "%064d", "previous": "%064d"}\n' 0 0 \
  > /var/lib/amanat/tsa/stamps.jsonl
sed 1d /run/amanat-break-stamps >> /var/lib/amanat/tsa/stamps.jsonl
# undo
if [ -s /run/amanat-break-stamps ]; then
  cp -p /run/amanat-break-stamps /var/lib/amanat/tsa/stamps.jsonl
else
  rm /var/lib/amanat/tsa/stamps.jsonl
fi
rm /run/amanat-break-stamps
