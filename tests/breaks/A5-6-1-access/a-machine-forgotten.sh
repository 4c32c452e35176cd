#!/bin/sh
# A machine was taken off the log server's list for an evening of work, and not put back.
# host: logs
# check: policies/article5/test_access_log_elsewhere.py::test_the_newest_line_is_stored_in_time[store]
# finding: has not come
set -eu
cp -p /etc/amanat/logs/collect.json /run/amanat-break-collect.json
sed -i '/"store"/d' /etc/amanat/logs/collect.json
python3 -m json.tool /etc/amanat/logs/collect.json > /dev/null || sed -i 's/"logs",/"logs"/' /etc/amanat/logs/collect.json
systemctl restart amanat-logs.service
# undo
cp -p /run/amanat-break-collect.json /etc/amanat/logs/collect.json
rm /run/amanat-break-collect.json
systemctl restart amanat-logs.service
