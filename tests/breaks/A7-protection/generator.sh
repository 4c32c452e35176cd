#!/bin/sh
# A program runs as root at boot before anything else, and writes units.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[vault]
# finding: hook /etc/systemd/system-generators/helper
set -eu
mkdir -p /etc/systemd/system-generators
printf '#!/bin/sh\n' > /etc/systemd/system-generators/helper
chmod 0755 /etc/systemd/system-generators/helper
# undo
rm /etc/systemd/system-generators/helper
