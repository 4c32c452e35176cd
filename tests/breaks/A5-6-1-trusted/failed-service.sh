#!/bin/sh
# A nightly job has failed and nobody looked.
# host: store
# check: policies/article5/test_trusted.py::test_no_service_has_failed[store]
set -eu
systemd-run --quiet --unit=nightly-report --property=RemainAfterExit=yes /bin/false || true
# undo
systemctl reset-failed nightly-report.service
