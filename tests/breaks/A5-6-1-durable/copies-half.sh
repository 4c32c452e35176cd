#!/bin/sh
# Somebody thought that the configuration is all a copy needs.
# host: store
# check: policies/article5/test_durable_copies.py::test_the_newest_copy_is_readable_and_holds_what_it_should[store]
set -eu
cp -p /etc/amanat/copy/copy.json /run/amanat-break.copy
sed -i '\#"/var/lib/amanat"#d; s#"/usr/local/lib/amanat",#"/usr/local/lib/amanat"#' /etc/amanat/copy/copy.json
systemctl start amanat-copy.service
# undo
mv /run/amanat-break.copy /etc/amanat/copy/copy.json
systemctl start amanat-copy.service
