#!/bin/sh
# nginx was started with rights over all files and without its confinement, and the drop-in that said so was removed at once, so that its unit looks as it should.
# host: edge
# check: policies/article7/test_protection_closed_world.py::test_everything_that_runs_is_known[edge]
set -eu
umask 022
start_with amanat-nginx <<EOF
AmbientCapabilities=CAP_DAC_OVERRIDE CAP_SETUID CAP_SETGID
CapabilityBoundingSet=CAP_DAC_OVERRIDE CAP_SETUID CAP_SETGID
NoNewPrivileges=no
ProtectSystem=no
ProtectHome=no
PrivateTmp=no
PrivateDevices=no
ProtectKernelTunables=no
ProtectKernelModules=no
ProtectKernelLogs=no
ProtectControlGroups=no
ProtectClock=no
ProtectHostname=no
ProtectProc=default
RestrictNamespaces=no
RestrictRealtime=no
RestrictSUIDSGID=no
LockPersonality=no
MemoryDenyWriteExecute=no
SystemCallArchitectures=
SystemCallFilter=
RestrictAddressFamilies=
EOF
# undo
systemctl restart amanat-nginx
