#!/bin/sh
# The page says that the licence is valid for years more than it is.
# host: edge
# check: policies/union/test_seals.py::test_the_licence_is_shown_and_valid[fa]
set -eu
cd /run/amanat-site/current/
sed -i 's/2030-05-21/2039-05-21/' licences.html
grep -q 2039-05-21 licences.html
# undo
systemctl restart amanat-site
