#!/bin/sh
# Put the topology's names into /etc/hosts. An engine gives a container a fresh /etc/hosts at every start, and mounts it:
# it has to be written in place, after each start.
set -eu
others=$(sed '/^# amanat peers: begin$/,/^# amanat peers: end$/d' /etc/hosts)
printf '%s\n%s\n' "$others" "$(cat /etc/amanat/hosts)" > /etc/hosts
