#!/bin/sh
# The pages have a number that is not the operator's.
# host: edge
# check: policies/article5/test_landline.py::test_the_landline_is_published[fa]
set -eu
cd /run/amanat-site/current/
find . -name '*.html' -exec sed -i 's/+982188880000/+982155550000/g' {} +
# undo
systemctl restart amanat-site
