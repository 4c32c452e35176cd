#!/bin/sh
# Prometheus was started with settings, lying over its own in its mount namespace only, that throw away when the site's certificate ends: the rule SiteCertificateEnds is there, and finds nothing to compare.
# host: logs
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[logs]
set -eu
start_with_edited amanat-prometheus /etc/amanat/monitoring/prometheus.yml 9090 '/^  - job_name: site$/a\
    metric_relabel_configs:\
      - source_labels: [__name__]\
        regex: probe_ssl_.*\
        action: drop'
# undo
systemctl restart amanat-prometheus
