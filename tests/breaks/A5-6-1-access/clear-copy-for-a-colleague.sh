#!/bin/sh
# The archive's directory shows at a second place, where no rule of the first holds.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: mount /mnt
set -eu
mount --bind /srv/archive /mnt
# undo
umount /mnt
