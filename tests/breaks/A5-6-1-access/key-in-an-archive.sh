#!/bin/sh
# Root keeps an archive of old settings among the backups, the host's key in it.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: secret /var/backups/settings.tar.gz
set -eu
tar -C /etc -czf /var/backups/settings.tar.gz ssh
# undo
rm /var/backups/settings.tar.gz
