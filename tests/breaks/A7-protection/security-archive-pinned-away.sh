#!/bin/sh
# Nothing is ever taken from the security archive.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[vault]
# finding: package preference * release l=Debian-Security
set -eu
printf 'Package: *\nPin: release l=Debian-Security\nPin-Priority: -1\n' > /etc/apt/preferences.d/quiet
# undo
rm /etc/apt/preferences.d/quiet
