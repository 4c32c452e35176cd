#!/bin/sh
# A price on the page is not the one that was declared.
# host: edge
# check: policies/article7/test_pricing.py::test_the_price_list_is_published[fa]
set -eu
cd /run/amanat-site/current/
sed -i 's/value="1890"/value="2890"/' prices.html
grep -q 2890 prices.html
# undo
systemctl restart amanat-site
