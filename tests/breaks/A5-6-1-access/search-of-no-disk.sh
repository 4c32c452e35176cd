#!/bin/sh
# The search of the raw disk was told to look at another file, which holds nothing.
# host: store
# check: policies/article5/test_access_at_rest.py::test_content_is_nowhere_on_the_disk
# finding: the search of the raw disk is blind
set -eu
cp -p /etc/amanat/volume.json /root/volume.json.kept
image=$(sed -n 's/.*"backing": "\([^"]*\)".*/\1/p' /etc/amanat/volume.json)
truncate --size=1M "$image.other"
sed -i 's#\("backing": "[^"]*\)"#\1.other"#' /etc/amanat/volume.json
# undo
image=$(sed -n 's/.*"backing": "\([^"]*\)".*/\1/p' /root/volume.json.kept)
cp -p /root/volume.json.kept /etc/amanat/volume.json
rm /root/volume.json.kept "$image.other"
