#!/bin/sh
# The English pages are gone.
# host: edge
# check: policies/article4/test_medium.py::test_every_file_of_the_site_is_the_declared_one
set -eu
cd /run/amanat-site/current/
rm -r en
# undo
systemctl restart amanat-site
