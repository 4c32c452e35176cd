#!/bin/sh
# Whoever hands out the journal was started while a second authority was trusted; the file was put back.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[vault]
# finding: amanat-journal.service: file /etc/amanat/pki/ca.crt
set -eu
cp -p /etc/amanat/pki/ca.crt /run/amanat-break.ca
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=other -keyout /dev/null >> /etc/amanat/pki/ca.crt 2> /dev/null
systemctl restart amanat-journal.service
until ss -Hltn 'sport = :19531' | grep -q LISTEN; do sleep 0.2; done
cp -p /run/amanat-break.ca /etc/amanat/pki/ca.crt
rm /run/amanat-break.ca
# undo
for unit in amanat-journal amanat-copies-tls amanat-metrics amanat-tsa pgbackrest; do
    systemctl restart "$unit.service"
done
