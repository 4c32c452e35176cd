#!/bin/sh
# A proxy was set for all services by the service manager's configuration.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: system.conf Manager: DefaultEnvironment
set -eu
mkdir -p /run/systemd/system.conf.d
printf '[Manager]\nDefaultEnvironment=ALL_PROXY=socks5://192.0.2.7:1080\n' > /run/systemd/system.conf.d/proxy.conf
# undo
rm -r /run/systemd/system.conf.d
