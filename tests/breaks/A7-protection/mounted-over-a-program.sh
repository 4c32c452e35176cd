#!/bin/sh
# Another program was laid over one of the system by a mount: the file below is as its package brought it.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: mount /usr/bin/passwd
set -eu
mount --bind /usr/bin/true /usr/bin/passwd
# undo
umount /usr/bin/passwd
