#!/bin/sh
# The backups are big, and copying them seemed to be doing the same thing twice.
# host: vault
# check: policies/article5/test_durable_copies.py::test_the_newest_copy_is_readable_and_holds_what_it_should[vault]
set -eu
cp -p /etc/amanat/copy/copy.json /run/amanat-break.copy
sed -i 's#"left_out": \[#&"/var/lib/amanat/repository",#; s#",\]#"]#' /etc/amanat/copy/copy.json
systemctl start amanat-copy.service
# undo
mv /run/amanat-break.copy /etc/amanat/copy/copy.json
systemctl start amanat-copy.service
