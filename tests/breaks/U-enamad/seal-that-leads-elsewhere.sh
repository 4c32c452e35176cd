#!/bin/sh
# The seal leads to a page that says of itself that the seal is valid.
# host: edge
# check: policies/union/test_seals.py::test_the_seal_is_shown_and_valid[en]
set -eu
cd /run/amanat-site/current/
sed -i 's#trustseal.enamad.ir#trustseal.enamad.example#' en/licences.html
# undo
systemctl restart amanat-site
