#!/bin/sh
# The reader of requests was started with a rate limit from a drop-in that is gone again: journald, which follows what systemd left in /run for it, drops what goes beyond some dozens of lines in ten minutes, requests that were served among them.
# host: edge
# check: policies/article7/test_site_limits.py::test_who_asks_too_much_is_refused_and_nobody_else[https]
set -eu
umask 022
start_with amanat-access-log <<EOF
LogRateLimitIntervalSec=10min
LogRateLimitBurst=20
EOF
[ -L /run/systemd/units/log-rate-limit-burst:amanat-access-log.service ]
[ -L /run/systemd/units/log-rate-limit-interval:amanat-access-log.service ]
# undo
systemctl restart amanat-access-log.service
