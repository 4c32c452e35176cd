#!/bin/sh
# Root's own settings for its shell were given a line by hand.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_every_file_is_as_the_converge_left_it[vault]
# finding: content of /root/.bashrc is 
set -eu
cp -p /root/.bashrc /run/kept.bashrc
echo 'umask 022' >> /root/.bashrc
# undo
cp -p /run/kept.bashrc /root/.bashrc
rm /run/kept.bashrc
