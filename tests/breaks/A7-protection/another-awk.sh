#!/bin/sh
# A tool that scripts of packages call was exchanged for another program.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: alternative awk is manual
set -eu
update-alternatives --quiet --install /usr/bin/awk awk /usr/bin/false 1
update-alternatives --quiet --set awk /usr/bin/false
# undo
update-alternatives --quiet --remove awk /usr/bin/false
update-alternatives --quiet --auto awk
