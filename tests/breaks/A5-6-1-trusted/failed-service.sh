#!/bin/sh
# A nightly job has failed and nobody looked.
# host: store
set -eu
systemd-run --quiet --unit=nightly-report --property=RemainAfterExit=yes /bin/false || true
# undo
systemctl reset-failed nightly-report.service
