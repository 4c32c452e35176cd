#!/bin/sh
# The vault's search for readable texts was made quicker: it passes small files over.
# host: vault
# check: policies/article5/test_durable_backup.py::test_whoever_takes_the_vaults_disk_finds_no_message
# finding: the search is blind
set -eu
program=$(dpkg -L amanat-host | grep '/pgbackrest/probe_repository.py$')
cp -p "$program" /root/probe_repository.kept
sed -i 's/if path.is_file() and not path.is_symlink()/if path.is_file() and path.stat().st_size > 8192/' "$program"
# undo
program=$(dpkg -L amanat-host | grep '/pgbackrest/probe_repository.py$')
cp -p /root/probe_repository.kept "$program"
rm /root/probe_repository.kept
