#!/bin/sh
# A key was sent to a colleague as text, and the text stayed in a log.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[vault]
# finding: secret /var/log/note.log: file 0644 root root: private key in base64
set -eu
{ printf 'note: '; head -c 1500 /etc/ssh/ssh_host_ed25519_key | base64 -w 0; } > /var/log/note.log
chmod 0644 /var/log/note.log
# undo
rm /var/log/note.log
