#!/bin/sh
# The database's account may edit its own settings as root, with an editor that starts a shell.
# host: store
# check: policies/article5/test_access_closed_world.py::test_every_way_in_is_known[store]
# finding: nobody expects sudo postgres as root: /usr/bin/vi /etc/postgresql/*
set -eu
echo 'postgres ALL=(root) NOPASSWD: /usr/bin/vi /etc/postgresql/*' > /etc/sudoers.d/zz-editor
chmod 0440 /etc/sudoers.d/zz-editor
# undo
rm /etc/sudoers.d/zz-editor
