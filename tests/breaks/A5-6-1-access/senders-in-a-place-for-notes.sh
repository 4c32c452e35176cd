#!/bin/sh
# Who wrote to whom was exported to a place where everybody may read, and forgotten.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: nobody expects /var/tmp/list.csv: file 0644 root root
set -eu
cd /
umask 022
runuser -u postgres -- psql -X -q -A -t -d archive -c 'COPY (SELECT origin, destination FROM archive.message LIMIT 100) TO STDOUT' \
  > /var/tmp/list.csv
# undo
rm /var/tmp/list.csv
