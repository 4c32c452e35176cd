#!/bin/sh
# A list of who wrote to whom lies on the volume, but not in the encrypted directory.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: nobody expects /srv/archive/lost+found/#<n>: file 0600 root root
set -eu
cd /
umask 077
runuser -u postgres -- psql -X -q -A -t -d archive -c 'COPY (SELECT origin, destination FROM archive.message LIMIT 100) TO STDOUT' \
  > '/srv/archive/lost+found/#4711'
# undo
rm '/srv/archive/lost+found/#4711'
