#!/bin/sh
# A line that Python runs at each start lies beside the packages' modules.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: nobody expects /usr/lib/python3/dist-packages/zz-site.pth
set -eu
echo 'import sys' > /usr/lib/python3/dist-packages/zz-site.pth
# undo
rm /usr/lib/python3/dist-packages/zz-site.pth
