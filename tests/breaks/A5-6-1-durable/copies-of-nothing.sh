#!/bin/sh
# What is copied was edited by hand: the file still has the kit's heading, owner and mode.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_is_as_the_converge_left_it[store]
# finding: content of /etc/amanat/copy/copy.json is 
set -eu
cp -p /etc/amanat/copy/copy.json /run/kept.json
echo >> /etc/amanat/copy/copy.json
# undo
cp -p /run/kept.json /etc/amanat/copy/copy.json
rm /run/kept.json
