#!/bin/sh
# A page that looks like a bank's lies beside the site, for those who were sent its address.
# host: edge
# check: policies/article4/test_medium.py::test_no_other_file_lies_beside_them
set -eu
cd /run/amanat-site/current/
cp -p index.html pay.html
# undo
systemctl restart amanat-site
