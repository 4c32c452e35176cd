#!/bin/sh
# Somebody shares a directory over HTTP to copy a file.
# host: store
set -eu
systemd-run --quiet --unit=file-share --working-directory=/srv python3 -m http.server 8000
# undo
systemctl stop file-share.service
