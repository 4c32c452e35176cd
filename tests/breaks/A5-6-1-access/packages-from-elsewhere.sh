#!/bin/sh
# A mirror's name was written into the host's own list of names for a test, and stayed.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[store]
# finding: nobody expects name deb.debian.org
set -eu
cp /etc/hosts /run/amanat-break.hosts
echo '203.0.113.5 deb.debian.org' >> /etc/hosts
# undo
cat /run/amanat-break.hosts > /etc/hosts
rm /run/amanat-break.hosts
