#!/bin/sh
# A line that nobody declared stands on the first page.
# host: edge
# check: policies/article4/test_medium.py::test_every_file_of_the_site_is_the_declared_one
set -eu
cd /run/amanat-site/current/
sed -i 's#</main>#<p>از ما در نشانی دیگری بخرید</p></main>#' index.html
# undo
systemctl restart amanat-site
