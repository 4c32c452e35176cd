#!/bin/sh
# The monitoring takes any certificate for the site's, by settings that it has in memory only.
# host: logs
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[logs]
set -eu
start_with_edited amanat-blackbox /etc/amanat/monitoring/blackbox.yml 9115 \
  's/^\( *\)min_version: TLS12/&\n\1insecure_skip_verify: true/'
# undo
systemctl restart amanat-blackbox
