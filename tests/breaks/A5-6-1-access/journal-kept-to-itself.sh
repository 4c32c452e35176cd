#!/bin/sh
# Whoever took the machine over stops handing out its journal before he goes on.
# host: store
# check: policies/article5/test_access_log_elsewhere.py::test_the_newest_line_is_stored_in_time[store]
# finding: has not come
set -eu
systemctl stop amanat-journal.service
# undo
systemctl start amanat-journal.service
