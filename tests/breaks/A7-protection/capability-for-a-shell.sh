#!/bin/sh
# A shell that reads every file, whoever starts it, without a set-user-ID bit.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: capabilities of /usr/local/bin/report
set -eu
cp /usr/bin/dash /usr/local/bin/report
python3 -c "import os, struct; os.setxattr('/usr/local/bin/report', 'security.capability', struct.pack('<5I', 0x02000001, 6, 0, 0, 0))"
# undo
rm /usr/local/bin/report
