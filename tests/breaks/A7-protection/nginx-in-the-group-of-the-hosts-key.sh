#!/bin/sh
# nginx was started with the group pki from a drop-in that is gone again, so its processes read the machine's own pair, which opens the peers' doors, while unit, files and accounts say nothing of it.
# host: edge
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[edge]
set -eu
umask 022
start_with amanat-nginx <<EOF
SupplementaryGroups=pki
EOF
group=$(getent group pki | cut -d : -f 3)
main=$(systemctl show --value --property=MainPID amanat-nginx)
grep -qw "^Groups:.*[[:space:]]$group" "/proc/$main/status"
# undo
systemctl restart amanat-nginx
