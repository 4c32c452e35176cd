#!/bin/sh
# To be on the safe side, the host's SSH keys are copied too.
# host: store
# check: policies/article5/test_access_copies.py::test_no_copy_holds_what_opens_another_thing[store]
set -eu
cp -p /etc/amanat/copy/copy.json /run/amanat-break.copy
sed -i '\#ssh_host_#d' /etc/amanat/copy/copy.json
systemctl start amanat-copy.service
# undo
mv /run/amanat-break.copy /etc/amanat/copy/copy.json
systemctl start amanat-copy.service
