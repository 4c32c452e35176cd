#!/bin/sh
# Somebody noted the volume's key in root's home, in case the vault is ever lost.
# host: store
# check: policies/article5/test_access_at_rest.py::test_a_stolen_disk_does_not_open
set -eu
umask 0077
{ printf 'volume: '; clevis decrypt < /etc/amanat/volume.jwe | od -An -v -tx1 | tr -d ' \n'; } > /root/note.txt
# undo
rm -f /root/note.txt
