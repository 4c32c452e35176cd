#!/bin/sh
# The stylesheet hides each telephone number, so that nobody sees it on pages that are as they were declared.
# host: edge
# check: policies/article4/test_medium.py::test_every_file_of_the_site_is_the_declared_one
set -eu
umask 022
cp -a /run/amanat-site/current/site.css /run/site.css.before
cat >> /run/amanat-site/current/site.css <<EOF
a[href^="tel:"], [itemprop="telephone"] { display: none }
EOF
touch -r /run/site.css.before /run/amanat-site/current/site.css
# undo
cp -a /run/site.css.before /run/amanat-site/current/site.css
rm /run/site.css.before
