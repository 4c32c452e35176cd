#!/bin/sh
# The blackbox exporter was started with a module, lying over its settings in its own mount namespace only, that takes errors and any certificate for a site that answers; unit and files say nothing of it any more.
# host: logs
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[logs]
set -eu
umask 022
settings=/etc/amanat/monitoring/blackbox.yml
sed -e 's/valid_status_codes: \[200\]/valid_status_codes: [200, 403, 404, 429, 500, 502, 503, 504]/' \
  -e '/fail_if_body_not_matches_regexp/d' -e 's#ca_file: .*#insecure_skip_verify: true#' "$settings" > /run/blackbox-other.yml
grep -q 503 /run/blackbox-other.yml
grep -q insecure_skip_verify /run/blackbox-other.yml
mkdir -p /run/systemd/system/amanat-blackbox.service.d
cat > /run/systemd/system/amanat-blackbox.service.d/other.conf <<EOF
[Service]
BindReadOnlyPaths=/run/blackbox-other.yml:$settings
EOF
systemctl daemon-reload
systemctl restart amanat-blackbox
i=0
until [ -n "$(ss -Hltn 'sport = :9115')" ]; do
  i=$((i + 1))
  [ "$i" -lt 30 ]
  sleep 1
done
rm -r /run/systemd/system/amanat-blackbox.service.d /run/blackbox-other.yml
systemctl daemon-reload
# undo
systemctl restart amanat-blackbox
i=0
until [ -n "$(ss -Hltn 'sport = :9115')" ]; do
  i=$((i + 1))
  [ "$i" -lt 30 ]
  sleep 1
done
