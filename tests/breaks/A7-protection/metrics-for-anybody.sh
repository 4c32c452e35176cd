#!/bin/sh
# A dashboard elsewhere is to show the metrics, and has no certificate.
# host: vault
# check: policies/article7/test_monitoring.py::test_metrics_are_handed_out_over_mutual_tls_only[vault]
set -eu
cp -p /etc/amanat/metrics/web.yml /run/amanat-break-web.yml
sed -i -e 's/RequireAndVerifyClientCert/NoClientCert/' -e '/client_ca_file/d' -e '/client_allowed_sans/d' /etc/amanat/metrics/web.yml
systemctl restart amanat-metrics.service
# undo
cp -p /run/amanat-break-web.yml /etc/amanat/metrics/web.yml
rm /run/amanat-break-web.yml
systemctl restart amanat-metrics.service
