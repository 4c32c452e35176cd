#!/bin/sh
# A vendor's agent was installed from a file: no source has it, and so no update will.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[store]
# finding: nobody expects package vendor-agent comes from: no source
set -eu
mkdir -p /var/lib/misc/agent/DEBIAN
printf 'Package: vendor-agent\nVersion: 1\nArchitecture: all\nMaintainer: Vendor <v@example.org>\nDescription: agent\n' > /var/lib/misc/agent/DEBIAN/control
dpkg-deb --build /var/lib/misc/agent /var/lib/misc/agent.deb > /dev/null
dpkg --install /var/lib/misc/agent.deb > /dev/null
rm -r /var/lib/misc/agent /var/lib/misc/agent.deb
# undo
dpkg --purge vendor-agent > /dev/null
