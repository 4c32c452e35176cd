#!/bin/sh
# The blackbox exporter was started with a module, lying over its settings in its own mount namespace only, that takes errors and any certificate for a site that answers; unit and files say nothing of it any more.
# host: logs
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[logs]
set -eu
start_with_edited amanat-blackbox /etc/amanat/monitoring/blackbox.yml 9115 \
  -e 's/valid_status_codes: \[200\]/valid_status_codes: [200, 403, 404, 429, 500, 502, 503, 504]/' \
  -e '/fail_if_body_not_matches_regexp/d' -e 's#ca_file: .*#insecure_skip_verify: true#'
# undo
systemctl restart amanat-blackbox
