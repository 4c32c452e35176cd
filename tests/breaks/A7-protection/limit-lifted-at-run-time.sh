#!/bin/sh
# To let a tool reach it, what the sealing service may speak to was widened until the next boot.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: drop-in /run/systemd/system.control/amanat-archive-seal.service.d/
set -eu
systemctl set-property --runtime amanat-archive-seal.service IPAddressAllow=any
# undo
systemctl revert amanat-archive-seal.service
