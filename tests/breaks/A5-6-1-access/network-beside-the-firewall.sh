#!/bin/sh
# A program has a network of its own with a cable to the host's: its firewall is empty.
# host: vault
# check: policies/article5/test_access_closed_world.py::test_everything_on_the_network_is_known[vault]
# finding: nobody expects another network of amanat-break-side.service with
# finding: nobody expects interface side0
set -eu
systemd-run --quiet --unit=amanat-break-side unshare --net sleep 100000
until pid=$(pgrep -f '^sleep 100000') && [ "$(readlink /proc/"$pid"/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done
ip link add side0 type veth peer name side1
ip link set side1 netns "$pid"
# undo
systemctl stop amanat-break-side.service
ip link delete side0 2> /dev/null || true
