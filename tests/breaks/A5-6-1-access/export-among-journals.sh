#!/bin/sh
# A file of another program lies in the journal's directory.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: nobody expects /var/log/journal/<hex32>/messages.gz: file 0640 root systemd-journal
set -eu
set -- /var/log/journal/*/system.journal
install -o root -g systemd-journal -m 0640 /etc/hostname "${1%/*}/messages.gz"
# undo
rm /var/log/journal/*/messages.gz
