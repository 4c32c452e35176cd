#!/bin/sh
# The approval on the page has a number that the committee never gave.
# host: edge
# check: policies/union/test_seals.py::test_approvals_are_shown[en]
set -eu
cd /run/amanat-site/current/
sed -i 's#value="77/1405"#value="78/1405"#' en/licences.html
grep -q 'value="78/1405"' en/licences.html
# undo
systemctl restart amanat-site
