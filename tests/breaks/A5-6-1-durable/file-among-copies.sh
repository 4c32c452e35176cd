#!/bin/sh
# A file of somebody's own lies among the packs of a machine's copies.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[vault]
# finding: nobody expects /var/lib/amanat/copies/
set -eu
set -- /var/lib/amanat/copies/*/data/00
install -o restic-rest-server -g restic-rest-server -m 0600 /etc/hostname "$1/notes"
# undo
rm /var/lib/amanat/copies/*/data/00/notes
