#!/bin/sh
# Whoever took the machine over stops what sends recordings elsewhere, and goes on as root.
# host: store
# check: policies/article5/test_access_recordings.py::test_what_was_done_as_root_is_stored_as_it_was_recorded[store]
# finding: is stored nowhere else
set -eu
systemctl stop amanat-recordings.service
runuser -u deploy -- sudo -n id > /dev/null
# undo
systemctl start amanat-recordings.service
