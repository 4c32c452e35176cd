#!/bin/sh
# The timers run on, and a file beside ours tells them to install nothing.
# host: vault
# check: policies/article7/test_protection.py::test_security_updates_are_looked_for[vault]
set -eu
echo 'APT::Periodic::Unattended-Upgrade "0";' > /etc/apt/apt.conf.d/99quiet
# undo
rm /etc/apt/apt.conf.d/99quiet
