#!/bin/sh
# Somebody shares a directory over HTTP to copy a file.
# host: store
# check: policies/article5/test_access_network.py::test_nothing_else_listens[store]
set -eu
systemd-run --quiet --unit=file-share --working-directory=/srv python3 -m http.server 8000
# undo
systemctl stop file-share.service
