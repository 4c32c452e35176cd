#!/bin/sh
# The monitoring takes any certificate for the site's, by settings that it has in memory only.
# host: logs
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[logs]
set -eu
umask 022
sed 's/^\( *\)min_version: TLS12/&\n\1insecure_skip_verify: true/' /etc/amanat/monitoring/blackbox.yml > /run/blackbox-other.yml
if cmp -s /etc/amanat/monitoring/blackbox.yml /run/blackbox-other.yml; then exit 1; fi
mkdir -p /run/systemd/system/amanat-blackbox.service.d
cat > /run/systemd/system/amanat-blackbox.service.d/other.conf <<EOF
[Service]
BindReadOnlyPaths=/run/blackbox-other.yml:/etc/amanat/monitoring/blackbox.yml
EOF
systemctl daemon-reload
systemctl restart amanat-blackbox
until ss -Hltn 'sport = :9115' | grep -q LISTEN; do sleep 0.2; done
rm -r /run/systemd/system/amanat-blackbox.service.d /run/blackbox-other.yml
systemctl daemon-reload
# undo
systemctl restart amanat-blackbox
